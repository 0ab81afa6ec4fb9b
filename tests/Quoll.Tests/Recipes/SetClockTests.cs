using Quoll.Recipes;
using Quoll.Testing;
using Quoll.Tests.Testing;

namespace Quoll.Tests.Recipes;

/// <summary>The wall clock is set while a client works.</summary>
public sealed class SetClockTests
{
    private readonly TestClock _clock = new();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_wall_clock_that_is_set_by_a_day_ends_no_session_no_lock_and_no_wait(int days)
    {
        var stop = TestContext.Current.CancellationToken;
        var wall = new WallClock(_clock);
        await using var zk = await Ensembles.StartAsync(new() { TimeProvider = _clock });
        await using var client = zk.CreateClient(
            options => options with { TimeProvider = wall, SessionTimeout = TimeSpan.FromSeconds(10) });
        await using var held = await new DistributedLock(client, "/lock").AcquireAsync(stop);
        var wait = TimeSpan.FromSeconds(5);
        var waiting = new DistributedLock(client, "/lock").TryAcquireAsync(wait, stop).AsTask();
        var before = wall.GetUtcNow();

        wall.Shift = TimeSpan.FromDays(days);
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(TimeSpan.FromDays(days), wall.GetUtcNow() - before - TimeSpan.FromSeconds(4));
        Assert.False(waiting.IsCompleted);
        Assert.False(held.IsLost || held.Lost.IsCancellationRequested);
        Assert.InRange(held.Session.LeaseRemaining, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        await held.Fenced.CreateAsync("/written", cancellationToken: stop);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await waiting);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(held.Session, client.Session);
        Assert.False(held.IsLost);
    }

    private sealed class WallClock(TestClock clock) : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Shift;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period);
    }
}
