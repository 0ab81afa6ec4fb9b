using System.Globalization;
using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>What watches there are.</summary>
[Flags]
internal enum WatchKinds
{
    Children = 1,
    Data = 2,
    Persistent = 4,
    PersistentRecursive = 8,
    All = Children | Data | Persistent | PersistentRecursive,
}

/// <summary>Watches that go on beside the prompt, and say what happens.</summary>
internal sealed class WatchBoard(ShellConsole console)
{
    private readonly Lock _gate = new();
    private readonly List<(string Path, WatchKinds Kind, IAsyncDisposable Watch)> _watches = [];

    /// <summary>Whether what happens is written (<c>printwatches</c>).</summary>
    public bool IsPrinting { get; set; } = true;

    /// <summary>Tells of the one change of a watch.</summary>
    /// <returns>Done when it has come.</returns>
    public Task ShowAsync(Watch watch, WatchKinds kind)
    {
        lock (_gate)
        {
            // One that was set before and has told nothing yet tells of the same change: once is enough.
            if (_watches.Exists(each => each.Path == watch.Path && each.Kind == kind && each.Watch is Once { Watch.IsOver: false }))
            {
                watch.Dispose();
                return Task.CompletedTask;
            }

            _watches.Add((watch.Path, kind, new Once(watch)));
        }

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
    public Task ShowAsync(WatchSubscription stream, WatchKinds kind, CancellationToken stop)
    {
        lock (_gate)
            _watches.Add((stream.Path, kind, stream));
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
    public ValueTask<int> RemoveAsync(string path, WatchKinds kinds) =>
        RemoveAsync(each => each.Path == path && kinds.HasFlag(each.Kind));

    public async ValueTask ClearAsync() => await RemoveAsync(_ => true);

    private async ValueTask<int> RemoveAsync(Predicate<(string Path, WatchKinds Kind, IAsyncDisposable Watch)> isMeant)
    {
        List<(string Path, WatchKinds Kind, IAsyncDisposable Watch)> removed;
        lock (_gate)
        {
            removed = _watches.FindAll(isMeant);
            _watches.RemoveAll(isMeant);
        }

        foreach (var (_, _, watch) in removed)
            await watch.DisposeAsync();
        return removed.Count;
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
