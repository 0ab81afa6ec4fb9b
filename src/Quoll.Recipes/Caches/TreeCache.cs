using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Caches;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>A znode and all below it as they are, kept at hand, with what changes in them.</summary>
/// <remarks>
/// <para>It begins to read when it is made, and goes on over lost connections and ended sessions until it is disposed of or the client is.
/// The znode need not exist. By one recursive watch it is told what changes, and reads that; whenever something may have been missed it
/// reads all anew and tells the difference. Until then <see cref="IsFresh"/> is false.</para>
/// <para>It costs one read for each change, and one or two for each znode where all is read; what several changes in short succession made
/// of a znode is read once. What the client may not read is as if it were not there, and so is what is below it.</para>
/// </remarks>
public sealed class TreeCache : IAsyncDisposable
{
    private readonly ZooKeeperClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new();
    private readonly Lock _gate = new();
    private readonly List<TreeFeed> _feeds = [];
    private readonly TreeInbox _inbox;
    private readonly TreeReader _reader;
    private readonly Task _running;
    private readonly Latest<TreeSnapshot?> _latest = new(null);
    private TreeSnapshot _snapshot;
    private StateChange? _loadedIn;
    private Exception? _end;
    private bool _isFresh;

    /// <param name="client">Who reads.</param>
    /// <param name="path">The uppermost znode.</param>
    /// <param name="options">What to keep, and how to read.</param>
    public TreeCache(ZooKeeperClient client, string path, TreeCacheOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        options ??= new TreeCacheOptions();
        options.Validate();
        (_client, Path) = (client, path);
        _inbox = new TreeInbox(options.MaxPendingChanges);
        _reader = new TreeReader(client, path, options, _inbox) { SetsWatches = !options.UsesRecursiveWatch };
        _snapshot = new TreeSnapshot(path, null, 0);
        _running = Task.WhenAll(EndWithAsync(FollowAsync), EndWithAsync(ReadAsync), EndWithAsync(MindFreshnessAsync));
    }

    /// <summary>The uppermost znode.</summary>
    public string Path { get; }

    /// <summary>Done when everything was read for the first time; if there is nothing, then too. Fails if it can't be read, or the client
    /// is closed.</summary>
    public Task Ready => _ready.Task;

    /// <summary>What there is. Nothing before <see cref="Ready"/>.</summary>
    public TreeSnapshot Snapshot
    {
        get
        {
            lock (_gate)
                return _snapshot;
        }
    }

    /// <summary>Whether everything was read, and there is a server to tell when it changes. Otherwise it may be otherwise by now.</summary>
    public bool IsFresh
    {
        get
        {
            lock (_gate)
                return IsFreshNow;
        }
    }

    private bool IsFreshNow =>
        _loadedIn is { State: ConnectionState.Connected } && ReferenceEquals(_loadedIn, _client.State) && !_inbox.IsAll && _end is null;

    /// <summary>
    /// What there is, as <see cref="TreeChangeKind.Added"/>, and what changes from then on, against what this reader was told before. A
    /// reader who is slower than the changes gets their net effect, never less. <see cref="TreeChangeKind.Fresh"/> and
    /// <see cref="TreeChangeKind.Stale"/> say how far it is to be trusted; the first is Fresh, after everything was told. Ends when the
    /// cache is disposed of, or its client.
    /// </summary>
    public async IAsyncEnumerable<TreeChange> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var feed = Begin();
        try
        {
            while (await feed.TakeAsync(cancellationToken).ConfigureAwait(false) is { } changes)
            {
                foreach (var change in changes)
                    yield return change;
            }
        }
        finally
        {
            lock (_gate)
                _feeds.Remove(feed);
        }

        if (_end is not null and not ObjectDisposedException)
            throw _end;
    }

    /// <summary>
    /// The whole of it whenever something changed, beginning when everything was read for the first time. A slow reader gets the latest
    /// only. Ends when the cache is disposed of, or its client.
    /// </summary>
    public async IAsyncEnumerable<TreeSnapshot> ObserveSnapshotsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var snapshot in _latest.ObserveAsync(cancellationToken).ConfigureAwait(false))
        {
            if (snapshot is not null)
                yield return snapshot;
        }
    }

    /// <summary>Ends the reading, the watches and the streams.</summary>
    public async ValueTask DisposeAsync()
    {
        End(new ObjectDisposedException(nameof(TreeCache)));
        await _running.ConfigureAwait(false);
        _reader.Forget();
    }

    private TreeFeed Begin()
    {
        var feed = new TreeFeed(Path);
        lock (_gate)
        {
            var everything = new TreeEdit(Path, null);
            everything.Put(Path, _snapshot.Root);
            feed.Offer(everything.Changes, _isFresh);
            if (_end is null)
                _feeds.Add(feed);
            else
                feed.End();
        }

        return feed;
    }

    private async Task EndWithAsync(Func<Task> loop)
    {
        try
        {
            await loop().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Another loop has ended it, or whoever disposed of it.
        }
        catch (Exception e) when (e is ZooKeeperException or ObjectDisposedException)
        {
            End(e);
        }
    }

    private void End(Exception reason)
    {
        lock (_gate)
        {
            if (_end is not null)
                return;
            _end = reason;
            _feeds.ForEach(feed => feed.End());
        }

        _ready.TryFail(reason);
        _latest.End(reason as ZooKeeperException);
        _stop.Cancel();
        Publish(null, null);
    }

    // Collects what is to be read, and never waits for the reading: so the stream's buffer is not what bounds it.
    private async Task FollowAsync()
    {
        if (await SubscribeAsync().ConfigureAwait(false) is not { } events)
        {
            _reader.SetsWatches = true;
            _inbox.AddAll();
            return;
        }

        await using var ending = ((IAsyncDisposable)events).ConfigureAwait(false);
        await foreach (var change in events.WithCancellation(_stop.Token).ConfigureAwait(false))
        {
            if (change.Kind != WatchEventKind.Resync)
            {
                if (_reader.Keeps(change.Path))
                    _inbox.Add(change.Path);
                continue;
            }

            _inbox.AddAll();
            Publish(null, null);
        }

        End(new ObjectDisposedException(nameof(ZooKeeperClient)));
    }

    private async ValueTask<WatchSubscription?> SubscribeAsync()
    {
        if (_reader.SetsWatches)
            return null;
        try
        {
            return await Sessions.ReadAsync(
                _client, token => _client.WatchAsync(Path, WatchMode.PersistentRecursive, token), _stop.Token).ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e.Error == ErrorCode.Unimplemented)
        {
            return null;
        }
    }

    private async Task ReadAsync()
    {
        var update = new TreeUpdate(Path, _reader, _inbox);
        while (true)
        {
            var paths = await _inbox.TakeAsync(_stop.Token).ConfigureAwait(false);
            var state = _client.State;
            var edit = new TreeEdit(Path, Snapshot.Root);
            await update.ApplyAsync(paths, edit, _stop.Token).ConfigureAwait(false);
            Publish(edit, paths is null ? LoadedIn(state) : null);
            if (edit.Changes.Count > 0 || !_ready.Task.IsCompleted)
                _latest.Publish(Snapshot);
            _ready.TrySetResult();
        }
    }

    // Single watches outlive a connection, and not a session: what was read in one session is so in all its connections.
    private StateChange LoadedIn(StateChange begun)
    {
        var now = _client.State;
        if (!_reader.SetsWatches || ReferenceEquals(begun, now))
            return begun;
        if (begun.Session is not null && begun.Session == now.Session)
            return now;
        _inbox.AddAll();
        return begun;
    }

    private async Task MindFreshnessAsync()
    {
        await foreach (var state in _client.ObserveStateAsync(_stop.Token).ConfigureAwait(false))
        {
            // Single watches are set again with the connection, which tells what they missed.
            var goesOn = _reader.SetsWatches && state.State == ConnectionState.Connected && _loadedIn?.Session == state.Session;
            Publish(null, goesOn ? state : null);
        }

        End(new ObjectDisposedException(nameof(ZooKeeperClient)));
    }

    private void Publish(TreeEdit? edit, StateChange? loadedIn)
    {
        TreeFeed[] feeds;
        lock (_gate)
        {
            _loadedIn = loadedIn ?? _loadedIn;
            if (edit is { Changes.Count: > 0 })
                _snapshot = new TreeSnapshot(Path, edit.Root, _snapshot.Count + edit.Growth);
            _isFresh = IsFreshNow;
            feeds = [.. _feeds];
            foreach (var feed in feeds)
                feed.Offer(edit?.Changes ?? [], _isFresh);
        }

        foreach (var feed in feeds)
            feed.Wake();
    }
}
