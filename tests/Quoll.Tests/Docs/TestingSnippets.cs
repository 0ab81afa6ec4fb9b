using Quoll.Protocol;
using Quoll.Testing;

namespace Quoll.Tests.Docs;

public sealed class TestingSnippets
{
    [Fact]
    public async Task Servers_are_there_at_once()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions { Servers = 3 });
        await using var client = zk.CreateClient();

        await client.CreateAsync("/greeting", "hello"u8.ToArray());

        Assert.NotNull(await client.ExistsAsync("/greeting", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Things_are_done_to_them()
    {
        await using var zk = await TestEnsemble.StartAsync(
            new TestEnsembleOptions { Servers = 3 }, TestContext.Current.CancellationToken);
        await using var client = zk.CreateClient();
        await client.CreateAsync("/locks", cancellationToken: TestContext.Current.CancellationToken);
        var sessionId = (await client.GetSessionAsync(TestContext.Current.CancellationToken)).Id;

        await zk.Leader!.StopAsync();                     // another takes over; what was acknowledged stays
        await zk.Servers[0].CrashAsync();                 // the power goes: what its disk had not synced is lost
        await zk.Servers[0].StartAsync();                 // back from its disk

        await zk.ExpireSessionAsync(sessionId);           // as if its timeout were over, on all servers
        await zk.SetSequenceAsync("/locks", 2147483645);  // the next sequential znode below /locks gets this number

        zk.Faults.DropNextReply(OpCode.Create);           // it is carried out; the reply is lost, and the connection breaks
        zk.Faults.Isolate(zk.Servers[2]);                 // from the others and from clients
        zk.Faults.Partition([0], [1, 2]);                 // servers from each other; clients still reach all
        zk.Faults.Freeze(zk.Servers[1]);                  // it stands still, and its connections stay
        zk.Faults.StallDisk(zk.Servers[1]);               // it writes, and nothing is synced
        zk.Faults.Delay(TimeSpan.FromMilliseconds(50));   // between servers; DelayClients between them and clients
        zk.Faults.BreakClients(zk.Servers[1]);
        zk.Faults.Heal();
    }

    [Fact]
    public async Task Time_passes_when_the_test_says_so()
    {
        var clock = new TestClock();
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions { Servers = 3, TimeProvider = clock });

        clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(new TestClock().GetUtcNow() + TimeSpan.FromMinutes(10), clock.GetUtcNow());
    }

    [Fact]
    public async Task Only_who_is_cut_off_for_too_long_loses_his_session()
    {
        var clock = new TestClock();
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions { Servers = 3, TimeProvider = clock });
        await using var client = zk.CreateClient(options => options with { SessionTimeout = TimeSpan.FromSeconds(10) });
        var session = await client.GetSessionAsync();

        clock.Advance(TimeSpan.FromHours(1));
        Assert.False(session.Ended.IsCancellationRequested);

        foreach (var server in zk.Servers)
            zk.Faults.Freeze(server);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.True(session.Lease.IsCancellationRequested);   // it can't be counted on any more
    }
}
