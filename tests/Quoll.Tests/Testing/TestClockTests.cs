using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

public sealed class TestClockTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly TestClock _clock = new();

    [Fact]
    public void It_stands_still_until_it_is_moved()
    {
        var (date, stamp) = (_clock.GetUtcNow(), _clock.GetTimestamp());
        Assert.Equal(date, _clock.GetUtcNow());
        _clock.Advance(Second);
        Assert.Equal(date + Second, _clock.GetUtcNow());
        Assert.Equal(Second, _clock.GetElapsedTime(stamp));
        Assert.Throws<ArgumentOutOfRangeException>(() => _clock.Advance(-Second));
    }

    [Fact]
    public void Timers_fire_in_order_and_each_sees_its_own_time()
    {
        var start = _clock.GetUtcNow();
        var fired = new List<(string, double)>();
        using var late = Timer("late", 3, 0);
        using var often = Timer("often", 1, 1);
        using var never = Timer("never", Timeout.Infinite, 0);
        using var nested = _clock.CreateTimer(
            _ => _clock.CreateTimer(_ => Fire("nested"), null, Second / 2, default), null, Second * 2, default);
        _clock.Advance(Second * 3);

        Assert.Equal([("often", 1), ("often", 2), ("nested", 2.5), ("late", 3), ("often", 3)], fired);

        ITimer Timer(string name, int due, int period) => _clock.CreateTimer(
            _ => Fire(name), null, due < 0 ? Timeout.InfiniteTimeSpan : Second * due, Second * period);
        void Fire(string name) => fired.Add((name, (_clock.GetUtcNow() - start).TotalSeconds));
    }

    [Fact]
    public void A_timer_that_is_changed_or_disposed_does_not_fire_as_it_would_have()
    {
        var fired = new List<string>();
        using var changed = _clock.CreateTimer(_ => fired.Add("changed"), null, Second, default);
        var disposed = _clock.CreateTimer(_ => fired.Add("disposed"), null, Second, default);
        changed.Change(Second * 3, default);
        disposed.Dispose();
        _clock.Advance(Second * 2);
        Assert.Empty(fired);
        _clock.Advance(Second);
        Assert.Equal(["changed"], fired);
    }

    [Fact]
    public async Task A_delay_by_this_clock_is_over_when_the_clock_was_moved()
    {
        var delay = DelayAsync();
        Assert.False(delay.IsCompleted);
        _clock.Advance(Second);
        await delay;

        async Task DelayAsync()
        {
            using var over = new CancellationTokenSource(Second, _clock);
            var cancelled = new TaskCompletionSource();
            await using var registration = over.Token.Register(cancelled.SetResult);
            await cancelled.Task;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_session_expires_when_the_clock_passes_its_timeout_and_not_before(int servers)
    {
        await using var zk = await Ensembles.StartAsync(new() { Servers = servers, TimeProvider = _clock });
        using var client = await RawClient.ConnectAsync(zk.Servers[0], timeout: 5_000);
        Assert.Equal(5_000, client.Timeout);
        await client.DoAsync(Ask.Create("/e", "", CreateMode.Ephemeral));
        var before = zk.Leader!.LastZxid;

        _clock.Advance(TimeSpan.FromMilliseconds(5_000));
        Assert.Equal(before, zk.Leader!.LastZxid);
        _clock.Advance(TimeSpan.FromMilliseconds(servers == 1 ? 100 : 200));
        Assert.Equal(before + 1, zk.Leader!.LastZxid);
        Assert.Equal(0, await client.ReadToEndAsync());
        using var other = await RawClient.ConnectAsync(zk.Servers[^1]);
        Assert.False(await other.SeesAsync("/e"));
    }

    [Fact]
    public async Task A_session_that_pings_lives_as_long_as_it_does()
    {
        await using var zk = await Ensembles.StartAsync(new() { Servers = 3, TimeProvider = _clock });
        var leader = zk.Leader;
        using var client = await RawClient.ConnectAsync(zk.Servers[0], timeout: 30_000);
        await client.DoAsync(Ask.Create("/e", "", CreateMode.Ephemeral));
        for (var i = 0; i < 60; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            await client.DoAsync(Ask.Exists("/e"));
        }

        Assert.Same(leader, zk.Leader);
    }

    // On the pool: the framework's own place for tests to go on is none that the clock waits for.
    [Fact]
    public Task A_client_that_answers_what_it_reads_keeps_up_with_the_clock_however_far_it_is_moved() => Task.Run(async () =>
    {
        await using var zk = await Ensembles.StartAsync(new() { Servers = 3, TimeProvider = _clock });
        using var client = await RawClient.ConnectAsync(zk.Servers[0], timeout: 3_000);
        var pings = 0;
        var talking = TalkAsync();
        _clock.Advance(TimeSpan.FromMinutes(2));
        zk.Faults.BreakClients(zk.Servers[0]);
        await Assert.ThrowsAsync<IOException>(() => talking);

        Assert.InRange(pings, 119, 121);
        using var back = await client.ComeBackAsync(zk.Servers[1]);
        Assert.Equal(client.SessionId, back.SessionId);

        // Only when it has read an answer does it wait for the moment of its next ping.
        async Task TalkAsync()
        {
            while (true)
            {
                var timer = _clock.CreateTimer(_ => client.SendAsync(Ask.Ping).GetAwaiter().GetResult(), null, Second, default);
                await client.ReceiveAsync();
                pings++;
                await timer.DisposeAsync();
            }
        }
    }, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Znodes_with_a_time_to_live_go_by_the_clock()
    {
        await using var zk = await Ensembles.StartAsync(new() { TimeProvider = _clock });
        using var client = await RawClient.ConnectAsync(zk.Servers[0], timeout: 60_000);
        await client.DoAsync(Ask.CreateTtl("/ttl", 5_000));
        _clock.Advance(TimeSpan.FromSeconds(50));
        Assert.True(await client.SeesAsync("/ttl"));
        _clock.Advance(TimeSpan.FromSeconds(15));
        Assert.False(await client.SeesAsync("/ttl"));
    }

    [Fact]
    public async Task The_servers_stamp_what_they_write_with_this_clock()
    {
        await using var zk = await Ensembles.StartAsync(new() { TimeProvider = _clock });
        using var client = await RawClient.ConnectAsync(zk.Servers[0]);
        _clock.Advance(Second);
        await client.DoAsync(Ask.Create("/a"));
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds(), (await client.DoAsync(Ask.Exists("/a"))).Read().Stat().Ctime);
    }
}
