using System.Net.Sockets;
using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

public sealed class TestFaultsTests
{
    private static readonly TimeSpan Tick = new TestEnsembleOptions().TickTime;
    private readonly TestClock _clock = new();

    [Fact]
    public async Task A_request_whose_reply_is_lost_was_carried_out_and_its_connection_broke()
    {
        await using var zk = await StartAsync(1);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        zk.Faults.DropNextReply(OpCode.Create);
        await client.DoAsync(Ask.Exists("/"));
        await client.SendAsync(Ask.Create("/a"));

        await Assert.ThrowsAsync<IOException>(client.ReceiveAsync);
        await Assert.ThrowsAsync<IOException>(() => client.SendAsync(Ask.Ping));
        using var back = await client.ComeBackAsync(zk.Servers[0]);
        Assert.Equal(client.SessionId, back.SessionId);
        Assert.True(await back.SeesAsync("/a"));
        await back.DoAsync(Ask.Create("/b"));
    }

    [Fact]
    public async Task What_was_answered_before_the_lost_reply_still_comes()
    {
        await using var zk = await StartAsync(1);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        zk.Faults.DelayClients(TimeSpan.FromMilliseconds(10));
        zk.Faults.DropNextReply(OpCode.Create);
        await client.SendAsync(Ask.Exists("/"));
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        await client.ReceiveAsync();
        await client.SendAsync(Ask.Create("/a"));
        _clock.Advance(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAsync<IOException>(client.ReceiveAsync);
    }

    [Fact]
    public async Task A_session_whose_making_was_not_told_is_there_all_the_same()
    {
        await using var zk = await StartAsync(1);
        zk.Faults.DropNextReply(OpCode.CreateSession);
        await Assert.ThrowsAsync<IOException>(() => RawClient.ConnectAsync(zk.Servers[0]));

        var before = zk.Servers[0].LastZxid;
        Assert.True(before > 0);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        Assert.Equal(before + 1, zk.Servers[0].LastZxid);
    }

    [Fact]
    public async Task An_isolated_leader_answers_nobody_and_the_others_elect_another()
    {
        await using var zk = await StartAsync(3);
        var old = zk.Leader!;
        using var cut = await RawClient.ConnectAsync(old);
        zk.Faults.Isolate(old);

        await Assert.ThrowsAsync<IOException>(cut.ReadToEndAsync);
        await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(old));
        await Assert.ThrowsAsync<SocketException>(async () => await zk.ConnectAsync(old.Host, 2181, TestContext.Current.CancellationToken));
        Assert.NotSame(old, zk.Leader);
        _clock.Advance(Tick);
        Assert.False(old.IsServing);
        using var client = await RawClient.ConnectAsync(zk.Leader!);
        await client.DoAsync(Ask.Create("/a", "meanwhile"));

        zk.Faults.Heal();
        await old.WaitUntilServingAsync(TestContext.Current.CancellationToken);
        using var again = await RawClient.ConnectAsync(old);
        Assert.Equal("meanwhile", await again.DataOfAsync("/a"));
    }

    [Fact]
    public async Task In_a_partition_the_minority_serves_nobody_and_the_majority_goes_on()
    {
        await using var zk = await StartAsync(5);
        var old = zk.Leader!;
        Assert.Same(zk.Servers[4], old);
        using var early = await RawClient.ConnectAsync(old);
        zk.Faults.Partition([3, 4], [0, 1, 2]);
        Assert.Contains(zk.Leader!, zk.Servers.Take(3));

        // It does not know yet that it leads nobody; its client is told nothing, and then that the connection is over.
        Assert.True(old.IsLeader);
        await early.SendAsync(Ask.Create("/a", "of the minority"));
        _clock.Advance(Tick);
        Assert.Equal(0, await early.ReadToEndAsync());
        foreach (var server in zk.Servers.Skip(3))
        {
            Assert.False(server.IsServing);
            await Assert.ThrowsAnyAsync<IOException>(() => RawClient.ConnectAsync(server));
        }

        using (var client = await RawClient.ConnectAsync(zk.Servers[0]))
            await client.DoAsync(Ask.Create("/a", "of the majority"));
        zk.Faults.Heal();
        foreach (var server in zk.Servers)
        {
            await server.WaitUntilServingAsync(TestContext.Current.CancellationToken);
            using var client = await RawClient.ConnectAsync(server);
            Assert.Equal("of the majority", await client.DataOfAsync("/a"));
        }
    }

    [Fact]
    public async Task A_server_is_in_one_group_of_a_partition_only()
    {
        await using var zk = await StartAsync(3);
        Assert.Throws<ArgumentException>(() => zk.Faults.Partition([0, 1], [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => zk.Faults.Partition([0], [7]));
    }

    [Fact]
    public async Task What_is_delayed_arrives_when_its_time_has_come_and_in_order()
    {
        await using var zk = await StartAsync(1);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        zk.Faults.DelayClients(TimeSpan.FromMilliseconds(30));
        await client.SendAsync(Ask.Create("/a"));
        await client.SendAsync(Ask.Create("/b"));
        zk.Faults.DelayClients(TimeSpan.Zero);
        await client.SendAsync(Ask.Create("/c"));
        var before = zk.Servers[0].LastZxid;
        _clock.Advance(TimeSpan.FromMilliseconds(29));
        Assert.Equal(before, zk.Servers[0].LastZxid);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(before + 3, zk.Servers[0].LastZxid);

        var answers = new List<string>();
        for (var i = 0; i < 3; i++)
            answers.Add((await client.ReceiveAsync()).Read().String());
        Assert.Equal(["/a", "/b", "/c"], answers);
    }

    [Fact]
    public async Task With_slow_connections_between_servers_a_write_waits_for_the_quorum()
    {
        await using var zk = await StartAsync(3);
        using var client = await RawClient.ConnectAsync(zk.Leader!);
        zk.Faults.Delay(TimeSpan.FromMilliseconds(100));
        var before = zk.Leader!.LastZxid;
        await client.SendAsync(Ask.Create("/a"));
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        Assert.Equal(before, zk.Leader.LastZxid);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(before + 1, zk.Leader.LastZxid);
        Assert.Equal("/a", (await client.ReceiveAsync()).Read().String());
    }

    [Fact]
    public async Task A_leader_that_stands_still_is_left_by_the_clock_and_comes_back_as_a_follower()
    {
        await using var zk = await StartAsync(3);
        var old = zk.Leader!;
        zk.Faults.Freeze(old);
        using var ignored = await old.ConnectAsync(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(30));

        var others = zk.Servers.Where(server => server != old).ToList();
        var leader = Assert.Single(others, server => server.IsLeader);
        using var client = await RawClient.ConnectAsync(leader);
        await client.DoAsync(Ask.Create("/a"));
        zk.Faults.Heal();
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(old.IsServing);
        Assert.False(old.IsLeader);
        Assert.Equal(leader.LastZxid, old.LastZxid);
    }

    [Fact]
    public async Task A_crash_loses_what_the_disk_had_not_taken_and_nobody_was_told_of_it()
    {
        await using var zk = await StartAsync(1);
        var server = zk.Servers[0];
        using var client = await RawClient.ConnectAsync(server);
        await client.DoAsync(Ask.Create("/told"));
        zk.Faults.StallDisk(server);
        await client.SendAsync(Ask.Create("/lost"));
        await server.CrashAsync();
        await Assert.ThrowsAsync<IOException>(client.ReceiveAsync);

        zk.Faults.Heal();
        await server.StartAsync();
        using var later = await RawClient.ConnectAsync(server);
        Assert.True(await later.SeesAsync("/told"));
        Assert.False(await later.SeesAsync("/lost"));
    }

    [Fact]
    public async Task What_waited_for_a_stalled_disk_is_answered_when_it_goes_on()
    {
        await using var zk = await StartAsync(1);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        zk.Faults.StallDisk(zk.Servers[0]);
        await client.SendAsync(Ask.Create("/a"));
        zk.Faults.Heal();
        Assert.Equal("/a", (await client.ReceiveAsync()).Read().String());
    }

    [Fact]
    public async Task Clients_whose_connections_break_may_come_back_at_once()
    {
        await using var zk = await StartAsync(1);
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        zk.Faults.BreakClients(zk.Servers[0]);
        await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
        using var back = await client.ComeBackAsync(zk.Servers[0]);
        Assert.Equal(client.SessionId, back.SessionId);
    }

    private Task<TestEnsemble> StartAsync(int servers) =>
        TestEnsemble.StartAsync(new() { Servers = servers, TimeProvider = _clock }, TestContext.Current.CancellationToken);
}
