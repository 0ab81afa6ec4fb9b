namespace Quoll.Testing.Hosting;

/// <summary>
/// All that happens in an ensemble, one thing after the other. Whoever brings something runs it, and all that comes of it at once, before
/// he goes on: when nothing is delayed, whatever a request leads to has happened when its bytes are written.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _ready = new();
    private readonly PriorityQueue<Action, (long Due, long Order)> _later = new();
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waiting = [];
    private readonly TimeProvider _time;
    private readonly ITimer _wake;
    private readonly long _start;
    private readonly long _tick;
    private readonly long _longestStep;
    private long _skipped;
    private long _nextTick;
    private long _wakeAt = long.MaxValue;
    private long _order;
    private bool _running;
    private bool _ended;

    /// <param name="time">The clock.</param>
    /// <param name="tick">How often <see cref="OnTick"/> is called.</param>
    /// <param name="longestStep">A larger step of the clock is a time in which the process stood still, and does not count.</param>
    public EventLoop(TimeProvider time, TimeSpan tick, TimeSpan longestStep)
    {
        _time = time;
        _start = time.GetTimestamp();
        _tick = _nextTick = tick.Ticks;
        _longestStep = longestStep.Ticks;
        _wake = time.CreateTimer(_ => OnWake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Called again and again, as a part of the loop.</summary>
    public Action OnTick { get; set; } = () => { };

    /// <summary>Called with what went wrong in one of the things that happen; nothing more happens after it.</summary>
    public Action<Exception> OnFailure { get; set; } = _ => { };

    /// <summary>In units of 100 ns since the loop was made, without the times in which the process stood still.</summary>
    public long Now { get; private set; }

    /// <summary>Milliseconds since 1970.</summary>
    public long WallClock => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>From outside: does something; what comes of it at once has happened when this returns.</summary>
    public void Do(Action what)
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ready.Enqueue(what);
            Run();
        }
    }

    /// <summary>From outside: looks at something between two of the things that happen.</summary>
    public T Ask<T>(Func<T> question)
    {
        lock (_gate)
        {
            return question();
        }
    }

    /// <summary>From inside: does something once all that was to happen before has happened.</summary>
    public void Soon(Action what) => _ready.Enqueue(what);

    /// <summary>From inside: does something when it is time.</summary>
    public void At(long due, Action what) => _later.Enqueue(what, (due, _order++));

    /// <summary>From outside: done once a condition holds, which is looked at after each thing that happens.</summary>
    /// <exception cref="OperationCanceledException">The token said so, or the loop has ended.</exception>
    public async Task WaitAsync(Func<bool> condition, CancellationToken cancellation)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (condition())
                return;
            if (_ended)
                throw new OperationCanceledException("the ensemble was disposed");
            _waiting.Add((condition, met));
        }

        using var registration = cancellation.UnsafeRegister(_ => met.TrySetCanceled(cancellation), null);
        try
        {
            await met.Task.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _waiting.RemoveAll(each => each.Met == met);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _ready.Clear();
            _later.Clear();
            foreach (var (_, met) in _waiting)
                met.TrySetCanceled();
        }

        _wake.Dispose();
    }

    private void OnWake()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _wakeAt = long.MaxValue;
            Run();
        }
    }

    private void Run()
    {
        // What happens may call from inside as if from outside, through somebody's log: it is done in its turn.
        if (_running)
            return;
        _running = true;
        try
        {
            CatchUp();
            DoReady();
            TellWhoWaits();
        }
#pragma warning disable CA1031 // Whatever it is: servers that failed in the middle of a step must not say another word.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _ended = true;
            OnFailure(e);
            foreach (var (_, met) in _waiting)
                met.TrySetException(e);
        }
        finally
        {
            _running = false;
        }

        SetWake();
    }

    // In steps no longer than from one thing to the next, so that servers hear of each other in between.
    private void CatchUp()
    {
        var target = _time.GetElapsedTime(_start).Ticks - _skipped;
        if (target - Now > _longestStep)
        {
            _skipped += target - Now - _longestStep;
            target = Now + _longestStep;
        }

        while (NextDue <= target)
        {
            Now = Math.Max(Now, NextDue);
            while (_later.TryPeek(out _, out var at) && at.Due <= Now)
            {
                _ready.Enqueue(_later.Dequeue());
                DoReady();
            }

            if (_nextTick > Now)
                continue;
            _nextTick = Now + _tick;
            OnTick();
            DoReady();
        }

        Now = Math.Max(Now, target);
    }

    private long NextDue => _later.TryPeek(out _, out var at) ? Math.Min(at.Due, _nextTick) : _nextTick;

    private void DoReady()
    {
        while (_ready.TryDequeue(out var next))
            next();
    }

    private void TellWhoWaits()
    {
        foreach (var (condition, met) in _waiting)
        {
            if (condition())
                met.TrySetResult();
        }
    }

    // The system's timers know whole milliseconds, and leave out the rest: they would come too early, again and again.
    private TimeSpan Rounded(long wait) => _time == TimeProvider.System
        ? TimeSpan.FromMilliseconds((wait + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond)
        : TimeSpan.FromTicks(wait);

    private void SetWake()
    {
        if (_ended || NextDue == _wakeAt)
            return;
        _wakeAt = NextDue;
        _wake.Change(Rounded(Math.Max(0, _wakeAt - Now)), Timeout.InfiniteTimeSpan);
    }
}
