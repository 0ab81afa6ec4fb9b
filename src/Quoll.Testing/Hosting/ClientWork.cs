namespace Quoll.Testing.Hosting;

/// <summary>Runs what the ensemble's clients have to do on the thread pool, and knows whether some of it is not done yet.</summary>
/// <param name="loop">Told when something is done.</param>
internal sealed class ClientWork(EventLoop loop)
{
    [ThreadStatic]
    private static Item? _current;

    private readonly HashSet<Item> _open = [];

    /// <summary>
    /// All is done, but for what the asking thread is in the middle of: callers go on inside it, and may be who moves the clock. To be
    /// asked for each wait anew, by the thread that is to wait.
    /// </summary>
    public Func<bool> NothingElseIsOpen()
    {
        var own = _current;
        return () =>
        {
            lock (_open)
            {
                return _open.Count == 0 || (_open.Count == 1 && own is not null && _open.Contains(own));
            }
        };
    }

    /// <summary>What is open now is not waited for any more.</summary>
    public void GiveUp()
    {
        lock (_open)
        {
            _open.Clear();
        }
    }

    public void Schedule(IThreadPoolWorkItem item)
    {
        var counted = new Item(this, item);
        lock (_open)
        {
            _open.Add(counted);
        }

        ThreadPool.UnsafeQueueUserWorkItem(counted, preferLocal: false);
    }

    private void OnDone(Item item)
    {
        lock (_open)
        {
            _open.Remove(item);
        }

        loop.Do(() => { });   // whoever waits for it looks again
    }

    private sealed class Item(ClientWork work, IThreadPoolWorkItem what) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            _current = this;
            try
            {
                what.Execute();
            }
            finally
            {
                _current = null;
                work.OnDone(this);
            }
        }
    }
}
