using System.Threading.Tasks.Sources;

namespace Quoll.Client.Session;

/// <summary>
/// A bounded queue with one reader, who waits without a thread. Whoever offers never waits; what to do when it is full, the owner says.
/// The reader goes on where its client's callers go on, never on the thread that offers.
/// </summary>
internal sealed class EventBuffer<T>(int capacity, Action<Queue<T>> onFull, SessionHost host)
    : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly Queue<T> _items = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _canceled;
    private bool _isWaiting;
    private bool _isEnded;

    /// <summary>Adds an item; what is returned, if anything, is the reader that is to be executed.</summary>
    public IThreadPoolWorkItem? Offer(T item)
    {
        lock (_gate)
        {
            if (_isEnded)
                return null;
            if (_items.Count == capacity)
                onFull(_items);
            _items.Enqueue(item);
            return Wake();
        }
    }

    /// <summary>No more items will come; those that are there can still be taken.</summary>
    public IThreadPoolWorkItem? End()
    {
        lock (_gate)
        {
            _isEnded = true;
            return Wake();
        }
    }

    public bool TryTake(out T item)
    {
        lock (_gate)
            return _items.TryDequeue(out item!);
    }

    /// <summary>Done with true when there is something to take, with false when nothing will come any more.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled<bool>(cancellation);
        lock (_gate)
        {
            if (_isWaiting)
                throw new InvalidOperationException("A stream of events has one reader at a time.");
            if (_items.Count > 0 || _isEnded)
                return ValueTask.FromResult(_items.Count > 0);
            _core.Reset();
            _isWaiting = true;
            _canceled = default;
        }

        // Outside the lock: with a token that fires meanwhile this comes back here at once.
        var registration = cancellation.UnsafeRegister(static (buffer, token) => ((EventBuffer<T>)buffer!).Cancel(token), this);
        lock (_gate)
        {
            if (_isWaiting)
                _registration = registration;
            else
                registration.Unregister();
            return new ValueTask<bool>(this, _core.Version);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        CancellationToken canceled;
        lock (_gate)
        {
            _registration.Unregister();
            _registration = default;
            canceled = _canceled;
        }

        host.BeforeCallersGoOn();
        if (canceled.IsCancellationRequested)
            _core.SetException(new OperationCanceledException(canceled));
        else
            _core.SetResult(true);
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _core.GetResult(token);
        lock (_gate)
            return _items.Count > 0;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private EventBuffer<T>? Wake()
    {
        if (!_isWaiting)
            return null;
        _isWaiting = false;
        return this;
    }

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            if (Wake() is null)
                return;
            _canceled = token;
        }

        host.Schedule(this);
    }
}
