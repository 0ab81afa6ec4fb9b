using System.Diagnostics;
using System.Net.Sockets;
using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

public sealed class TestEnsembleTests
{
    private static readonly TestEnsembleOptions Three = new() { Servers = 3, TimeProvider = new TestClock() };

    [Fact]
    public async Task A_server_starts_and_what_is_written_can_be_read()
    {
        await using var zk = await Ensembles.StartAsync();
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        await client.DoAsync(Ask.Create("/a", "hello"));

        Assert.Equal("hello", await client.DataOfAsync("/a"));
        Assert.Equal("server-1:2181", zk.ConnectionString);
        Assert.Same(zk.Servers[0], zk.Leader);
    }

    [Fact]
    public async Task Three_servers_elect_a_leader_at_once_and_each_serves_what_another_was_told()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        Assert.Equal("server-1:2181,server-2:2181,server-3:2181", zk.ConnectionString);
        Assert.Single(zk.Servers, server => server.IsLeader);
        using var writer = await RawClient.ConnectAsync(zk.Servers[0]);
        await writer.DoAsync(Ask.Create("/a", "hello"));

        foreach (var server in zk.Servers)
        {
            using var reader = await RawClient.ConnectAsync(server);
            Assert.Equal("hello", await reader.DataOfAsync("/a"));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task An_ensemble_on_the_system_clock_serves_without_waiting_for_it(int servers)
    {
        // The first one also pays for the compiler.
        await using (await Ensembles.StartAsync(new() { Servers = servers }))
        {
        }

        var clock = Stopwatch.StartNew();
        await using var zk = await Ensembles.StartAsync(new() { Servers = servers });
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        await client.DoAsync(Ask.Create("/a"));

        Assert.InRange(clock.ElapsedMilliseconds, 0, 5_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"{servers} servers: {clock.Elapsed.TotalMilliseconds:F1} ms");
    }

    [Fact]
    public async Task When_the_leader_stops_another_takes_over_and_what_was_acknowledged_stays()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        var old = zk.Leader!;
        using (var client = await RawClient.ConnectAsync(old))
            await client.DoAsync(Ask.Create("/a", "kept"));
        await old.StopAsync();

        var leader = await zk.WaitForLeaderAsync(TestContext.Current.CancellationToken);
        Assert.NotSame(old, leader);
        Assert.False(old.IsRunning);
        foreach (var server in zk.Servers.Where(server => server != old))
        {
            using var client = await RawClient.ConnectAsync(server);
            Assert.Equal("kept", await client.DataOfAsync("/a"));
        }
    }

    [Fact]
    public async Task A_session_that_is_expired_loses_its_ephemerals_on_all_servers_and_can_not_come_back()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        var follower = zk.Servers.First(server => !server.IsLeader);
        using var lost = await RawClient.ConnectAsync(follower);
        await lost.DoAsync(Ask.Create("/e", "", CreateMode.Ephemeral));
        await zk.ExpireSessionAsync(lost.SessionId, TestContext.Current.CancellationToken);

        foreach (var server in zk.Servers)
        {
            using var other = await RawClient.ConnectAsync(server);
            Assert.False(await other.SeesAsync("/e"));
        }

        Assert.Equal(0, await lost.ReadToEndAsync());
        using var back = await lost.ComeBackAsync(follower);
        Assert.Equal(0, back.SessionId);
    }

    [Fact]
    public async Task To_expire_a_session_that_does_not_exist_is_a_mistake_of_the_test()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        await Assert.ThrowsAsync<InvalidOperationException>(() => zk.ExpireSessionAsync(4711, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_sequence_goes_on_from_the_number_it_was_set_to_on_every_server_and_after_a_restart()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        using (var client = await RawClient.ConnectAsync(zk.Servers[0]))
        {
            await client.DoAsync(Ask.Create("/locks"));
            await zk.SetSequenceAsync("/locks", int.MaxValue - 2, TestContext.Current.CancellationToken);
            Assert.Equal("/locks/a-2147483645", await SequentialAsync(client));
        }

        foreach (var server in zk.Servers)
            await server.CrashAsync();
        foreach (var server in zk.Servers)
            await server.StartAsync();
        using var later = await RawClient.ConnectAsync(zk.Servers[2]);
        Assert.Equal("/locks/a-2147483646", await SequentialAsync(later));
        Assert.Equal("/locks/a-2147483647", await SequentialAsync(later));
        await Assert.ThrowsAsync<InvalidOperationException>(() => zk.SetSequenceAsync("/locks", 7, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<InvalidOperationException>(() => zk.SetSequenceAsync("/no", 7, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_restart_keeps_the_data_of_a_server_that_was_stopped_and_of_one_that_crashed()
    {
        await using var zk = await Ensembles.StartAsync();
        var server = zk.Servers[0];
        foreach (var (end, path) in new (Func<Task>, string)[] { (server.StopAsync, "/stopped"), (server.CrashAsync, "/crashed") })
        {
            using (var client = await RawClient.ConnectAsync(server))
                await client.DoAsync(Ask.Create(path, "kept"));
            await end();
            await Assert.ThrowsAsync<SocketException>(async () => await server.ConnectAsync(TestContext.Current.CancellationToken));
            await server.StartAsync();
            using var again = await RawClient.ConnectAsync(server);
            Assert.Equal("kept", await again.DataOfAsync(path));
        }
    }

    [Fact]
    public async Task A_session_outlives_the_restart_of_its_server()
    {
        await using var zk = await Ensembles.StartAsync(new() { TimeProvider = new TestClock() });
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        await client.DoAsync(Ask.Create("/e", "", CreateMode.Ephemeral));
        await zk.Servers[0].StopAsync();
        await zk.Servers[0].StartAsync();

        using var back = await client.ComeBackAsync(zk.Servers[0]);
        Assert.Equal(client.SessionId, back.SessionId);
        using var another = await RawClient.ConnectAsync(zk.Servers[0]);
        Assert.NotEqual(client.SessionId, another.SessionId);
        Assert.True(await another.SeesAsync("/e"));
    }

    [Fact]
    public async Task A_server_that_was_away_for_long_gets_what_it_missed()
    {
        await using var zk = await Ensembles.StartAsync(Three);
        var away = zk.Servers.First(server => !server.IsLeader);
        await away.CrashAsync();
        using (var client = await RawClient.ConnectAsync(zk.Leader!))
        {
            await client.DoAsync(Ask.Create("/p"));
            for (var i = 0; i < 1200; i++)
                await client.DoAsync(Ask.SetData("/p", $"{i}"));
        }

        await away.StartAsync();
        using var reader = await RawClient.ConnectAsync(away);
        Assert.Equal("1199", await reader.DataOfAsync("/p"));
    }

    [Fact]
    public async Task The_same_seed_clock_and_calls_give_the_same_run()
    {
        var first = await RunAsync();
        Assert.Contains(first, line => line.Contains("crashes", StringComparison.Ordinal));
        Assert.Equal(first, await RunAsync());

        static async Task<List<string>> RunAsync()
        {
            var clock = new TestClock();
            var lines = new List<string>();
            await using var zk = await Ensembles.StartAsync(new() { Servers = 5, Seed = 7, TimeProvider = clock, Log = lines.Add });
            using var client = await RawClient.ConnectAsync(zk.Servers[1]);
            await client.DoAsync(Ask.Create("/e", "", CreateMode.Ephemeral));
            zk.Faults.Delay(TimeSpan.FromMilliseconds(3));
            await zk.Leader!.CrashAsync();
            clock.Advance(TimeSpan.FromMinutes(1));
            lines.Add($"session 0x{client.SessionId:x}, up to 0x{zk.Leader!.LastZxid:x}");
            return lines;
        }
    }

    [Fact]
    public async Task Many_ensembles_run_beside_each_other()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 30), TestContext.Current.CancellationToken, async (number, cancellation) =>
        {
            await using var zk = await TestEnsemble.StartAsync(new() { Servers = 1 + (number % 3) }, cancellation);
            using var client = await RawClient.ConnectAsync(zk.Servers[0]);
            await client.DoAsync(Ask.Create("/a", $"{number}"));
            using var other = await RawClient.ConnectAsync(zk.Servers[^1]);
            Assert.Equal($"{number}", await other.DataOfAsync("/a"));
        });
    }

    private static async Task<string> SequentialAsync(RawClient client) =>
        (await client.DoAsync(Ask.Create("/locks/a-", "", CreateMode.PersistentSequential))).Read().String();
}
