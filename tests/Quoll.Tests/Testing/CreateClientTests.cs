using Quoll.Client;
using Quoll.Protocol;
using Quoll.Testing;

namespace Quoll.Tests.Testing;

public sealed class CreateClientTests
{
    private readonly TestClock _clock = new();

    // On the pool: the framework's own place for tests to go on is none that a client knows of.
    [Fact]
    public Task What_callers_do_when_a_client_lets_them_go_on_is_done_before_the_clock_moves_on() => Task.Run(async () =>
    {
        await using var zk = await StartAsync(3);
        await using var client = zk.CreateClient(options => options with { SessionTimeout = TimeSpan.FromSeconds(3) });
        await client.CreateAsync("/n", new byte[1], cancellationToken: TestContext.Current.CancellationToken);
        var times = new List<TimeSpan>();
        var start = _clock.GetTimestamp();
        var counting = CountAsync();
        _clock.Advance(TimeSpan.FromMinutes(10));
        await counting;

        Assert.Equal(Enumerable.Range(1, 5).Select(i => TimeSpan.FromMinutes(i)), times);

        async Task CountAsync()
        {
            for (var i = 0; i < 5; i++)
            {
                var due = new TaskCompletionSource();
                using var timer = _clock.CreateTimer(_ => due.SetResult(), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
                await due.Task;
                await client.SetAsync("/n", new byte[1], cancellationToken: TestContext.Current.CancellationToken);
                times.Add(_clock.GetElapsedTime(start));
            }
        }
    }, TestContext.Current.CancellationToken);

    [Fact]
    public async Task When_its_server_stops_a_client_goes_to_another_as_time_passes()
    {
        await using var zk = await StartAsync(3);
        await using var client = zk.CreateClient();
        var session = await client.GetSessionAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            var server = zk.Servers[i];
            await server.CrashAsync();
            _clock.Advance(TimeSpan.FromSeconds(5));
            Assert.Equal(ConnectionState.Connected, client.State.State);
            await server.StartAsync();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Same(session, client.Session);
    }

    [Fact]
    public async Task A_session_that_is_expired_ends_at_its_client()
    {
        await using var zk = await StartAsync(1);
        await using var client = zk.CreateClient();
        var session = await client.GetSessionAsync(TestContext.Current.CancellationToken);
        await zk.ExpireSessionAsync(session.Id, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.True(session.Ended.IsCancellationRequested);
        Assert.NotSame(session, client.Session);
    }

    [Fact]
    public async Task Only_who_is_cut_off_for_too_long_loses_his_session()
    {
        await using var zk = await StartAsync(3);
        await using var client = zk.CreateClient(options => options with { SessionTimeout = TimeSpan.FromSeconds(10) });
        var session = await client.GetSessionAsync(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.False(session.Ended.IsCancellationRequested);

        foreach (var server in zk.Servers)
            zk.Faults.Freeze(server);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(session.Lease.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(7));
        Assert.True(session.Lease.IsCancellationRequested);
        zk.Faults.Heal();
    }

    [Fact]
    public async Task A_change_whose_reply_is_lost_fails_and_may_have_been_made()
    {
        await using var zk = await StartAsync(1);
        await using var client = zk.CreateClient();
        await client.GetSessionAsync(TestContext.Current.CancellationToken);
        zk.Faults.DropNextReply(OpCode.Delete);
        var failure = await Assert.ThrowsAsync<ConnectionLossException>(
            async () => await client.DeleteAsync("/zookeeper/none", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(RequestOutcome.Unknown, failure.Outcome);
    }

    private Task<TestEnsemble> StartAsync(int servers) => Ensembles.StartAsync(new() { Servers = servers, TimeProvider = _clock });
}
