using System.Globalization;
using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class LocksTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task The_lock_is_handed_on_in_order_and_who_has_lost_it_writes_nothing(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var queue = SampleProgram.Start("Locks", zookeeper, "queue");
        using var anna = Writer(zookeeper, "anna");
        await queue.ExpectAsync("the lock's queue: anna");
        using var ben = Writer(zookeeper, "ben");
        await queue.ExpectAsync("the lock's queue: anna ben");
        using var cleo = Writer(zookeeper, "cleo");
        await queue.ExpectAsync("the lock's queue: anna ben cleo");
        var tokens = new List<long> { await HoldsAsync(anna, last: "nobody") };

        // Given back, it goes to the next, and whoever asks again is the last.
        anna.Send("");
        await anna.ExpectAsync("anna has written the report");
        tokens.Add(await HoldsAsync(ben, last: "anna"));
        await queue.ExpectAsync("the lock's queue: ben cleo anna");

        ben.Kill();
        tokens.Add(await HoldsAsync(cleo, last: "anna"));
        cleo.Suspend();
        tokens.Add(await HoldsAsync(anna, last: "anna"));
        await queue.ExpectAsync("the lock's queue: anna");

        // It has slept, and writes as if nothing had happened.
        cleo.Resume();
        cleo.Send("");
        var answer = await cleo.ExpectAsync(line => line.StartsWith("cleo ", StringComparison.Ordinal));
        Assert.Matches("^cleo was refused by the server: /lock/.*-lock-[0-9]{10} is gone; the report is as anna left it$", answer);
        await queue.ExpectAsync("the lock's queue: anna cleo");
        anna.Send("");
        tokens.Add(await HoldsAsync(cleo, last: "anna"));
        Assert.Equal(tokens.Order(), tokens);
        foreach (var program in new[] { cleo, anna, queue })
            await program.FinishAsync();
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Locks");
        foreach (var _ in Enumerable.Range(0, 2))
            await sample.ExpectAsync(line => line.EndsWith(" has written the report", StringComparison.Ordinal));
        await sample.FinishAsync();
    }

    private static ClientProgram Writer(string zookeeper, string name) =>
        SampleProgram.Start("Locks", zookeeper, "writer", name, "600");

    private static async Task<long> HoldsAsync(ClientProgram writer, string last)
    {
        var line = await writer.ExpectAsync(said => said.Contains(" holds the lock ", StringComparison.Ordinal));
        Assert.EndsWith($"; the report was last written by {last}", line, StringComparison.Ordinal);
        return long.Parse(line.Split("the token ")[1].Split(';')[0], CultureInfo.InvariantCulture);
    }
}
