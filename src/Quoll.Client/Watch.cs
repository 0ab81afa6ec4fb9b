using Quoll.Client.Session;

namespace Quoll.Client;

/// <summary>What was read, and the watch that was set with it: it fires when what was read is no longer so.</summary>
/// <param name="Value">What was read.</param>
/// <param name="Watch">Tells of the first change. Dispose of it when it is not wanted any more.</param>
public readonly record struct Watched<T>(T Value, Watch Watch);

/// <summary>
/// A watch that fires once. It outlives a lost connection: what changed meanwhile is told by the next server. When the session ends or the
/// client is closed it fires with <see cref="WatchEventKind.Resync"/>.
/// </summary>
public sealed class Watch : IDisposable
{
    // Callers go on where it is set, which is never the thread that reads the socket.
    private readonly TaskCompletionSource<WatchEvent> _changed = new();
    private readonly SessionHost _host;
    private bool _isOver;

    internal Watch(SessionHost host, string path, string fullPath, bool isOnChildren)
    {
        (_host, Path, FullPath, IsOnChildren) = (host, path, fullPath, isOnChildren);
    }

    /// <summary>The znode that is watched.</summary>
    public string Path { get; }

    /// <summary>Done with the event; never cancelled, never failed.</summary>
    public Task<WatchEvent> Changed => _changed.Task;

    /// <summary>
    /// Whether its event has come, or it was disposed of. Events come in the order of the changes, and this is true before anything of what
    /// came later is told, by watches or by answers; <see cref="Changed"/> is done soon after.
    /// </summary>
    public bool IsOver => Volatile.Read(ref _isOver);

    internal string FullPath { get; }

    internal bool IsOnChildren { get; }

    /// <summary>Where it is kept while a server has it; under the client's lock.</summary>
    internal Dictionary<string, List<Watch>>? Table { get; set; }


    /// <summary>Ends the watch, at the server too if nobody else of this client needs it. <see cref="Changed"/> is then done with
    /// <see cref="ResyncReason.Closed"/>.</summary>
    public void Dispose() => _host.Unwatch(this);

    internal IThreadPoolWorkItem Fire(WatchEvent what)
    {
        Volatile.Write(ref _isOver, true);
        return new Fired(this, what);
    }

    private sealed class Fired(Watch watch, WatchEvent what) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            watch._host.BeforeCallersGoOn();
            watch._changed.TrySetResult(what);
        }
    }
}

/// <summary>
/// A stream of events that goes on until it is disposed of, over lost connections and ended sessions. Whenever events may be missing it
/// says so, by an event of the kind <see cref="WatchEventKind.Resync"/>: the first is one. It has one reader at a time, and needs servers
/// of ZooKeeper 3.6 or later.
/// </summary>
public sealed class WatchSubscription : IAsyncEnumerable<WatchEvent>, IAsyncDisposable
{
    private readonly SessionHost _host;
    private readonly EventBuffer<WatchEvent> _events;
    private readonly string _root;

    internal WatchSubscription(SessionHost host, string root, string path, WatchMode mode, int capacity)
    {
        (_host, _root, Path, Mode) = (host, root, path, mode);
        FullPath = Requests.Paths.Join(root, path);
        _events = new EventBuffer<WatchEvent>(capacity, OnFull, host);
    }

    /// <summary>What is watched.</summary>
    public string Path { get; }

    /// <summary>Whether only this znode, or all below it.</summary>
    public WatchMode Mode { get; }

    internal string FullPath { get; }

    /// <summary>The events. Ends when the stream is disposed of or the client is closed.</summary>
    public async IAsyncEnumerator<WatchEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _events.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_events.TryTake(out var next))
                yield return next;
        }
    }

    /// <summary>Ends the stream, at the server too if nobody else of this client needs it.</summary>
    public ValueTask DisposeAsync()
    {
        _host.Unsubscribe(this);
        return ValueTask.CompletedTask;
    }

    internal IThreadPoolWorkItem? Offer(WatchEvent next) => _events.Offer(next);

    internal IThreadPoolWorkItem? End() => _events.End();

    internal string Strip(string full) => Requests.Paths.Strip(_root, full);

    // What is lost is told, and nothing else is worth keeping: the reader will read anew.
    private void OnFull(Queue<WatchEvent> events)
    {
        events.Clear();
        events.Enqueue(new WatchEvent(WatchEventKind.Resync, Path, -1, ResyncReason.BufferOverflow));
    }
}
