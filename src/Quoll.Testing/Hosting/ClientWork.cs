using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Quoll.Testing.Hosting;

/// <summary>
/// What the ensemble's clients have to do, on the thread pool. It knows whether some of it is not done yet; who waits for it does it
/// himself where the pool has not begun.
/// </summary>
/// <remarks>
/// An answer that comes while its caller is on the way to wait for it lets the caller go on where nobody knows of it. So where a clock is
/// moved by hand, nothing is begun as long as whoever has brought it may be on that way: in the midst of something that is done here, until
/// that is over; in a timer of the clock, until others wait; elsewhere, for a moment. Who blocks his thread there gets his answers, too,
/// a little later.
/// </remarks>
internal sealed class ClientWork : PipeScheduler, IThreadPoolWorkItem
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(100);

    [ThreadStatic]
    private static Item? _current;

    private readonly EventLoop _loop;
    private readonly TestClock? _clock;
    private readonly HashSet<Item> _open = [];
    private readonly ConcurrentQueue<Item> _queue = new();
    private readonly List<(Item Item, object By)> _held = [];
    private readonly object _elsewhere = new();

    /// <param name="loop">Told when something is done.</param>
    /// <param name="clock">The clock that is moved by hand, if one is.</param>
    public ClientWork(EventLoop loop, TestClock? clock) => (_loop, _clock) = (loop, clock);

    /// <summary>Something has not been begun.</summary>
    public bool HasQueued => !_queue.IsEmpty;

    /// <summary>
    /// All is done, but for what the asking thread is in the middle of: callers go on inside it, and may be who moves the clock. To be
    /// asked for each wait anew, by the thread that is to wait.
    /// </summary>
    public Func<bool> NothingElseIsOpen()
    {
        var own = new HashSet<Item>();
        for (var item = _current; item is not null; item = item.Outer)
            own.Add(item);
        return () =>
        {
            lock (_open)
            {
                return _open.IsSubsetOf(own);
            }
        };
    }

    /// <summary>Does one thing that has not been begun; false if there is none.</summary>
    public bool TryRunOne()
    {
        if (!_queue.TryDequeue(out var item))
            return false;
        item.Run();
        return true;
    }

    /// <summary>Called by who is to wait, and so is on no way to anything else.</summary>
    public void ReleaseHeld()
    {
        for (var item = _current; item is not null; item = item.Outer)
            Release(item);
        if (_clock is not null)
            Release(_clock);
        Release(_elsewhere);
    }

    /// <summary>What is open now is not waited for any more.</summary>
    public void GiveUp()
    {
        lock (_open)
        {
            _open.Clear();
        }
    }

    public void Schedule(IThreadPoolWorkItem item) => Schedule(item.Execute);

    /// <summary>A client goes on that waited for what it can read now.</summary>
    public override void Schedule(Action<object?> action, object? state) => Schedule(() => action(state));

    void IThreadPoolWorkItem.Execute() => TryRunOne();

    private void Schedule(Action what)
    {
        var item = new Item(this, what);
        lock (_open)
        {
            _open.Add(item);
        }

        if (_clock is null)
            Begin(item);
        else
            Hold(item, _current ?? (_clock.IsFiringHere ? _clock : _elsewhere));
    }

    private void Hold(Item item, object by)
    {
        lock (_held)
        {
            _held.Add((item, by));
        }

        _ = ReleaseLaterAsync(by);
    }

    private async Task ReleaseLaterAsync(object by)
    {
        await Task.Delay(by == _elsewhere ? Moment : LongEnough).ConfigureAwait(false);
        Release(by);
    }

    private void Release(object by)
    {
        List<Item> released;
        lock (_held)
        {
            released = [.. _held.Where(held => held.By == by).Select(held => held.Item)];
            _held.RemoveAll(held => held.By == by);
        }

        foreach (var item in released)
            Begin(item);
        if (released.Count > 0)
            _loop.Do(() => { });   // whoever waits for something to do looks again
    }

    private void Begin(Item item)
    {
        _queue.Enqueue(item);
        System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void OnDone(Item item)
    {
        lock (_open)
        {
            _open.Remove(item);
        }

        Release(item);
        _loop.Do(() => { });   // whoever waits for it looks again
    }

    private sealed class Item(ClientWork work, Action what)
    {
        /// <summary>In the middle of which this was done.</summary>
        public Item? Outer { get; private set; }

        public void Run()
        {
            Outer = _current;
            _current = this;
            try
            {
                what();
            }
            finally
            {
                _current = Outer;
                work.OnDone(this);
            }
        }
    }
}
