using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class MasterElectionTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Of_those_who_try_to_create_one_znode_one_is_the_master_until_it_dies_or_stands_still(ServerKind kind) =>
        await DieAndStandStillAsync(await servers.ServersAsync(kind), "one-node");

    [Theory]
    [EachServer]
    public async Task Of_those_who_queue_the_first_is_the_master_until_it_dies_or_stands_still(ServerKind kind) =>
        await DieAndStandStillAsync(await servers.ServersAsync(kind), "queue");

    [Theory]
    [EachServer]
    public async Task Whom_the_operator_names_is_the_master_until_that_is_taken_back(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        foreach (var way in new[] { "one-node", "queue" })
        {
            using var anna = Start(zookeeper, "stand", way, "anna");
            await anna.ExpectAsync(IsMaster("anna"));
            using var ben = Start(zookeeper, "stand", way, "ben");
            await ben.ExpectAsync("ben stands");

            await OrderAsync("ben shall be the master", "appoint", way, "ben");
            await anna.ExpectAsync("anna steps back: the operator has named ben");
            await ben.ExpectAsync(IsMaster("ben"));

            // Also if the one that is named is dead, until that is taken back.
            ben.Kill();
            await OrderAsync("clara shall be the master", "appoint", way, "clara");
            await OrderAsync("the election decides", "dismiss", way);
            await anna.ExpectAsync("anna stands");
            await anna.ExpectAsync(IsMaster("anna"));
            await anna.FinishAsync();
        }

        async Task OrderAsync(string done, string role, params string[] arguments)
        {
            using var order = Start(zookeeper, role, arguments);
            await order.ExpectAsync(done);
            await order.FinishAsync();
        }
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("MasterElection");
        var awaited = new HashSet<string> { "one-node", "queue" };
        while (awaited.Count > 0)
        {
            var line = await sample.ExpectAsync(line => line.Contains(" writes, from entry ", StringComparison.Ordinal));
            awaited.Remove(line.Split(':')[0]);
        }

        await sample.FinishAsync();
    }

    private static async Task DieAndStandStillAsync(string zookeeper, string way)
    {
        using var watcher = Start(zookeeper, "watch", way);
        using var anna = Start(zookeeper, "stand", way, "anna");
        await watcher.ExpectAsync(IsWriter("anna"));
        using var ben = Start(zookeeper, "stand", way, "ben");
        await ben.ExpectAsync("ben stands");
        anna.Kill();
        await watcher.ExpectAsync(IsWriter("ben"));

        // One that stood still believes that it is the master, and goes on to write: that is refused.
        using var clara = Start(zookeeper, "stand", way, "clara");
        await clara.ExpectAsync("clara stands");
        ben.Suspend();
        await watcher.ExpectAsync(IsWriter("clara"));
        ben.Resume();
        await ben.ExpectAsync(line => line.StartsWith("ben is not the master any more, entry ", StringComparison.Ordinal));

        // It stands again, and its turn comes.
        await clara.FinishAsync();
        await watcher.ExpectAsync(IsWriter("ben"));
        await ben.FinishAsync();
        await watcher.FinishAsync();
        Assert.Equal(["anna", "ben", "clara", "ben"], watcher.Said.Select(line => line.Split(' ')[1]));
    }

    private static ClientProgram Start(string zookeeper, string role, params string[] arguments) =>
        SampleProgram.Start("MasterElection", zookeeper, role, arguments);

    private static Func<string, bool> IsMaster(string name) => line => line.StartsWith($"{name} is the master", StringComparison.Ordinal);

    private static Func<string, bool> IsWriter(string name) => line => line.Contains($": {name} writes, from ", StringComparison.Ordinal);
}
