using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Quoll.Testing.Hosting;

/// <summary>
/// What the ensemble's clients have to do, on the thread pool. It knows whether some of it is not done yet; who waits for it does it
/// himself where the pool has not begun.
/// </summary>
/// <param name="loop">Told when something is done.</param>
internal sealed class ClientWork(EventLoop loop) : PipeScheduler, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static Item? _current;

    private readonly HashSet<Item> _open = [];
    private readonly ConcurrentQueue<Item> _queue = new();

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

        _queue.Enqueue(item);
        System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void OnDone(Item item)
    {
        lock (_open)
        {
            _open.Remove(item);
        }

        loop.Do(() => { });   // whoever waits for it looks again
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
