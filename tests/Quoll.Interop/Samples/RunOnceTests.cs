using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class RunOnceTests(RecipeServers servers)
{
    private const string Ages = "600";

    [Theory]
    [EachServer]
    public async Task Each_job_is_recorded_once_also_if_hosts_die_or_freeze_in_the_middle_of_it(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var watch = Start(zookeeper, "watch");
        using var dying = Start(zookeeper, "host", "dying", Ages);
        using var freezing = Start(zookeeper, "host", "freezing", Ages);
        await SubmitAsync(zookeeper, "hard", 2);
        var first = await BegunAsync(dying);
        var second = await BegunAsync(freezing);
        Assert.NotEqual(first, second);

        using var able = Start(zookeeper, "host", "able", "0");
        dying.Kill();
        await able.ExpectAsync($"able has done {first}");
        freezing.Suspend();
        await able.ExpectAsync($"able has done {second}");
        freezing.Resume();
        await freezing.ExpectAsync(line => line.StartsWith($"freezing can't tell that it has done {second}: ", StringComparison.Ordinal));
        await freezing.FinishAsync();

        using var other = Start(zookeeper, "host", "other", "0");
        await SubmitAsync(zookeeper, "easy", 20);
        string[] all = ["hard-01", "hard-02", .. Enumerable.Range(1, 20).Select(number => $"easy-{number:00}")];
        for (var done = 0; done < all.Length; done++)
            await watch.ExpectAsync(line => line.Contains(" was done by ", StringComparison.Ordinal));
        Assert.Equal(all.Order(), (await watch.FinishAsync()).Select(line => line.Split(' ')[0]).Order());
        var said = (await able.FinishAsync()).Concat(await other.FinishAsync()).Concat(dying.Said).Concat(freezing.Said);
        Assert.Equal(all.Order(), said.Where(line => line.Contains(" has done ", StringComparison.Ordinal)
            && !line.Contains(" can't tell ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]).Order());
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("RunOnce");
        await sample.ExpectAsync(line => line.Contains(" begins ", StringComparison.Ordinal));
        await sample.ExpectAsync(line => line.Contains(" was done by ", StringComparison.Ordinal));
        await sample.FinishAsync();
    }

    private static ClientProgram Start(string zookeeper, string role, params string[] arguments) =>
        SampleProgram.Start("RunOnce", zookeeper, role, arguments);

    private static async Task SubmitAsync(string zookeeper, string name, int count)
    {
        using var submit = Start(zookeeper, "submit", name, $"{count}");
        await submit.ExpectAsync($"{name}-{count:00} is on the list");
        await submit.FinishAsync();
    }

    private static async Task<string> BegunAsync(ClientProgram host) =>
        (await host.ExpectAsync(line => line.Contains(" begins ", StringComparison.Ordinal))).Split(' ')[2];
}
