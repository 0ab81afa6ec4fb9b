using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class ConfigurationTests(RecipeServers servers) : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory();

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [EachServer]
    public async Task A_change_reaches_every_app_and_what_is_broken_or_out_of_reach_leaves_what_was_good_last(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var wire = new Wire(zookeeper.Split(',', '/')[0]);
        var wired = $"{wire.Address}{zookeeper[zookeeper.IndexOf('/', StringComparison.Ordinal)..]}";
        await SetAsync(zookeeper, "Greeting", "hello");
        await SetAsync(zookeeper, "Limit", "3");
        using var north = Start(wired, "app", "north", Copy("north"));
        using var south = Start(zookeeper, "app", "south", Copy("south"));
        await north.ExpectAsync("north says 'hello', at most 3 a customer");
        await south.ExpectAsync("south says 'hello', at most 3 a customer");

        await SetAsync(zookeeper, "Limit", "4");
        await north.ExpectAsync("north says 'hello', at most 4 a customer");
        await south.ExpectAsync("south says 'hello', at most 4 a customer");

        await SetAsync(zookeeper, "Limit", "many");
        await north.ExpectAsync(line => line.Contains(" was not read, and stays as it was: ", StringComparison.Ordinal));
        using var late = Start(zookeeper, "app", "late", Copy("south"));
        await late.ExpectAsync("late says 'hello', at most 4 a customer");

        // Killed, and started while no server can be reached.
        wire.Cut();
        north.Kill();
        using var again = Start(wired, "app", "again", Copy("north"));
        await again.ExpectAsync("again says 'hello', at most 4 a customer");
        await SetAsync(zookeeper, "Limit", "5");
        await south.ExpectAsync("south says 'hello', at most 5 a customer");
        await late.ExpectAsync("late says 'hello', at most 5 a customer");
        wire.Mend();
        await again.ExpectAsync("again says 'hello', at most 5 a customer");
        foreach (var app in new[] { south, late, again })
            await app.FinishAsync();
    }

    [Theory]
    [EachServer]
    public async Task A_consumer_that_was_killed_goes_on_where_it_was(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        var feed = Path.Combine(_directory.FullName, "feed");
        await File.WriteAllLinesAsync(feed, Enumerable.Range(1, 12).Select(number => $"order {number}"));
        using var before = Start(zookeeper, "consume", "billing", feed);
        await before.ExpectAsync("billing consumes line 5: order 5");
        before.Kill();

        // Its last line was consumed; that this was noted is not certain. Where others stand is their affair.
        using var other = Start(zookeeper, "consume", "mailing", feed);
        await other.ExpectAsync("mailing begins after line 0");
        using var after = Start(zookeeper, "consume", "billing", feed);
        var begins = await after.ExpectAsync(line => line.StartsWith("billing begins after line ", StringComparison.Ordinal));
        Assert.Matches("[4-9]$", begins);
        for (var next = begins[^1] - '0' + 1; next <= 12; next++)
            Assert.Equal($"billing consumes line {next}: order {next}", await after.NextLineAsync("the next line"));
        await after.FinishAsync();
        await other.FinishAsync();
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("Configuration");
        var awaited = new HashSet<string> { "north says 'Good morning', at most 3 a customer", "mailing consumes line 2: order 2" };
        while (awaited.Count > 0)
            awaited.Remove(await sample.ExpectAsync(awaited.Contains));
        await sample.FinishAsync();
    }

    private static async Task SetAsync(string zookeeper, string key, string value)
    {
        using var program = Start(zookeeper, "set", key, value);
        await program.ExpectAsync($"/config/shop/{key} is {value}");
        await program.FinishAsync();
    }

    private static ClientProgram Start(string zookeeper, string role, params string[] arguments) =>
        SampleProgram.Start("Configuration", zookeeper, role, arguments);

    private string Copy(string name) => Path.Combine(_directory.FullName, $"{name}.json");
}
