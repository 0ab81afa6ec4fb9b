namespace Quoll.Testing;

/// <summary>
/// A clock that stands still until the test moves it. Given to a <see cref="TestEnsemble"/>, its servers live by it; given to the code
/// under test as its <see cref="TimeProvider"/>, both see the same time.
/// </summary>
/// <remarks>
/// Timers fire inside <see cref="Advance"/>, on its caller's thread, in the order of their times. All that servers do of it has happened
/// when it returns. Before each timer, clients that waited for what a server has sent get to read it, for up to ten seconds of real time.
/// What else other threads do is not waited for: where that matters, advance in steps, and wait in between for something that tells of it.
/// </remarks>
public sealed class TestClock : TimeProvider
{
    [ThreadStatic]
    private static TestClock? _firing;

    private readonly Lock _gate = new();
    private readonly Lock _advancing = new();
    private readonly PriorityQueue<(ClockTimer Timer, int Version), (long Due, long Order)> _timers = new();
    private readonly DateTimeOffset _start;
    private Action _settle = () => { };
    private long _now;
    private long _order;

    /// <summary>A clock that stands at the first moment of the year 2025, UTC.</summary>
    public TestClock()
        : this(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>A clock that stands at some moment.</summary>
    /// <param name="start">The moment.</param>
    public TestClock(DateTimeOffset start) => _start = start;

    /// <summary>UTC, wherever the test runs.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Units of <see cref="GetTimestamp"/> in a second: 10,000,000.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The date and time that it stands at.</summary>
    public override DateTimeOffset GetUtcNow() => _start + TimeSpan.FromTicks(GetTimestamp());

    /// <summary>How far it was moved since it was made, in units of 100 ns.</summary>
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    /// <summary>Makes a timer that fires when the clock is moved to its time or past it.</summary>
    /// <param name="callback">Called with <paramref name="state"/>, inside <see cref="Advance"/>.</param>
    /// <param name="state">What it is called with.</param>
    /// <param name="dueTime">How long from now; zero fires with the next move, and <see cref="Timeout.InfiniteTimeSpan"/> never.</param>
    /// <param name="period">How long from then on each time; zero or infinite fires once.</param>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ClockTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, and fires the timers on the way, each with the clock standing at its time.</summary>
    /// <param name="by">How far; not negative.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_advancing)
        {
            var target = GetTimestamp() + by.Ticks;
            Settle();
            while (TakeDue(target) is { } timer)
            {
                Fire(timer);
                Settle();
            }

            lock (_gate)
            {
                _now = Math.Max(_now, target);
            }
        }
    }

    /// <summary>The asking thread is in the midst of a timer of this clock.</summary>
    internal bool IsFiringHere => _firing == this;

    /// <summary>Has something called before each timer, which waits for what is to be done at this time.</summary>
    internal void AddSettling(Action settle)
    {
        lock (_gate)
        {
            _settle += settle;
        }
    }

    internal void RemoveSettling(Action settle)
    {
        lock (_gate)
        {
            _settle = (Action)Delegate.Remove(_settle, settle)!;
        }
    }

    private void Fire(ClockTimer timer)
    {
        var outer = _firing;
        _firing = this;
        try
        {
            timer.Fire();
        }
        finally
        {
            _firing = outer;
        }
    }

    private void Settle()
    {
        Action settle;
        lock (_gate)
        {
            settle = _settle;
        }

        settle();
    }

    private ClockTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out var next, out var at) && at.Due <= target)
            {
                _timers.Dequeue();
                if (next.Version != next.Timer.Version)
                    continue;
                _now = Math.Max(_now, at.Due);
                if (next.Timer.Period is { } period)
                    Enqueue(next.Timer, _now + period.Ticks);
                return next.Timer;
            }
        }

        return null;
    }

    private void Enqueue(ClockTimer timer, long due) => _timers.Enqueue((timer, timer.Version), (due, _order++));

    private sealed class ClockTimer(TestClock clock, Action fire) : ITimer
    {
        /// <summary>Goes up with each change: what was set before is void.</summary>
        public int Version { get; private set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                Version++;
                Period = period > TimeSpan.Zero ? period : null;
                if (dueTime >= TimeSpan.Zero)
                    clock.Enqueue(this, clock._now + dueTime.Ticks);
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                Version++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
