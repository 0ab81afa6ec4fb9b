using System.Globalization;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>Watches that go on beside the prompt, and say what happens.</summary>
internal sealed class WatchBoard(ShellConsole console)
{
    private readonly Lock _gate = new();
    private readonly List<(string Path, IAsyncDisposable Watch)> _watches = [];

    /// <summary>Whether what happens is written (<c>printwatches</c>).</summary>
    public bool IsPrinting { get; set; } = true;

    /// <summary>Tells of the one change of a watch.</summary>
    /// <returns>Done when it has come.</returns>
    public Task ShowAsync(Watch watch)
    {
        lock (_gate)
            _watches.Add((watch.Path, new Once(watch)));
        return TellAsync();

        async Task TellAsync()
        {
            var change = await watch.Changed;
            lock (_gate)
                _watches.RemoveAll(each => each.Watch is Once once && once.Watch == watch);
            Tell(change);
        }
    }

    /// <summary>Tells of each change of a stream.</summary>
    /// <returns>Done when the stream is over.</returns>
    public Task ShowAsync(WatchSubscription stream, CancellationToken stop)
    {
        lock (_gate)
            _watches.Add((stream.Path, stream));
        return TellAsync();

        async Task TellAsync()
        {
            await foreach (var change in stream.WithCancellation(stop))
            {
                if (change.Reason != ResyncReason.Initial)
                    Tell(change);
            }
        }
    }

    /// <summary>Ends those of a path.</summary>
    /// <returns>How many there were.</returns>
    public async ValueTask<int> RemoveAsync(string path)
    {
        List<(string Path, IAsyncDisposable Watch)> removed;
        lock (_gate)
        {
            removed = [.. _watches.Where(each => each.Path == path)];
            _watches.RemoveAll(each => each.Path == path);
        }

        foreach (var (_, watch) in removed)
            await watch.DisposeAsync();
        return removed.Count;
    }

    public async ValueTask ClearAsync()
    {
        List<(string Path, IAsyncDisposable Watch)> removed;
        lock (_gate)
        {
            removed = [.. _watches];
            _watches.Clear();
        }

        foreach (var (_, watch) in removed)
            await watch.DisposeAsync();
    }

    private void Tell(WatchEvent change)
    {
        if (!IsPrinting || change.Reason == ResyncReason.Closed)
            return;
        var zxid = change.Zxid < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" zxid: {change.Zxid}");
        console.Event(change.Kind == WatchEventKind.Resync
            ? $"WATCHER:: events of {change.Path} may be missing ({change.Reason}): look again"
            : $"WATCHER:: WatchedEvent state:SyncConnected type:{Name(change.Kind)} path:{change.Path}{zxid}");
    }

    private static string Name(WatchEventKind kind) => kind switch
    {
        WatchEventKind.Created => "NodeCreated",
        WatchEventKind.Deleted => "NodeDeleted",
        WatchEventKind.DataChanged => "NodeDataChanged",
        _ => "NodeChildrenChanged",
    };

    private sealed class Once(Watch watch) : IAsyncDisposable
    {
        public Watch Watch => watch;

        public ValueTask DisposeAsync()
        {
            watch.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
