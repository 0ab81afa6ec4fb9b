using System.Collections.Immutable;
using Quoll.Client;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Caches;

/// <summary>
/// Reads znodes and subtrees, many at a time but not more than a bound. Where there is no recursive watch, each read sets the znode's own
/// watches.
/// </summary>
internal sealed class TreeReader(ZooKeeperClient client, string root, TreeCacheOptions options, TreeInbox inbox)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Watch Data, Watch? Children)> _watches = [];

    /// <summary>Whether each znode is watched for itself.</summary>
    public bool SetsWatches { get; set; }

    /// <summary>Whether a znode is one to keep.</summary>
    public bool Keeps(string path)
    {
        if (ZnodePaths.DepthBelow(root, path) is not { } depth || depth > options.MaxDepth)
            return false;
        if (options.Filter is not { } filter)
            return true;
        for (var next = path; next.Length > root.Length; next = next[..Math.Max(next.LastIndexOf('/'), 1)])
        {
            if (!filter(next))
                return false;
        }

        return true;
    }

    /// <summary>Reads a znode and all below it that is to be kept; null if it is not there.</summary>
    public async ValueTask<CachedZnode?> LoadAsync(string path, CancellationToken cancellation)
    {
        // Level by level: those of one level are read side by side, and come after their parents.
        var all = new List<Branch>();
        var level = new List<Branch> { new(path, null) };
        while (level.Count > 0)
        {
            var below = new List<Branch>();
            await foreach (var (branch, read) in ReadAllAsync(level, branch => ReadAsync(branch.Path, cancellation)).ConfigureAwait(false))
            {
                if (read is not { } found)
                    continue;
                branch.Znode = found.Znode;
                all.Add(branch);
                foreach (var name in found.Names)
                {
                    var child = ZnodePaths.Join(branch.Path, name);
                    if (options.Filter?.Invoke(child) != false)
                        below.Add(new Branch(child, branch));
                }
            }

            level = below;
        }

        CachedZnode? built = null;
        for (var i = all.Count - 1; i >= 0; i--)
            built = all[i].Build();
        return built;
    }

    /// <summary>Reads some znodes by themselves; null for one that is not there.</summary>
    public IAsyncEnumerable<(string Path, TreeRead? Read)> ReadAsync(IEnumerable<string> paths, CancellationToken cancellation) =>
        ReadAllAsync(paths, path => ReadAsync(path, cancellation));

    /// <summary>Ends all watches.</summary>
    public void Forget()
    {
        string[] paths;
        lock (_gate)
            paths = [.. _watches.Keys];
        Array.ForEach(paths, Forget);
    }

    // In a window that moves on: the answers come in the order of the questions.
    private async IAsyncEnumerable<(TItem Item, TreeRead? Read)> ReadAllAsync<TItem>(
        IEnumerable<TItem> items, Func<TItem, Task<TreeRead?>> read)
    {
        var underWay = new Queue<(TItem Item, Task<TreeRead?> Read)>();
        foreach (var item in items)
        {
            underWay.Enqueue((item, read(item)));
            if (underWay.Count < options.MaxParallelReads)
                continue;
            var first = underWay.Dequeue();
            yield return (first.Item, await first.Read.ConfigureAwait(false));
        }

        while (underWay.TryDequeue(out var next))
            yield return (next.Item, await next.Read.ConfigureAwait(false));
    }

    // What the client may not read is as if it were not there; only the root must be readable.
    private async Task<TreeRead?> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return SetsWatches
                ? await ReadAndWatchAsync(path, cancellation).ConfigureAwait(false)
                : await ReadOnlyAsync(path, cancellation).ConfigureAwait(false);
        }
        catch (NoAuthException) when (path != root)
        {
            return null;
        }
    }

    private async ValueTask<TreeRead?> ReadOnlyAsync(string path, CancellationToken cancellation)
    {
        var read = await Sessions.ReadAsync(client, token => client.TryGetAsync(path, token), cancellation).ConfigureAwait(false);
        if (read is not { } znode)
            return null;

        // Those that come after this read are told by the watch; those before it are counted by it.
        if (znode.Stat.NumChildren == 0 || ZnodePaths.DepthBelow(root, path) >= options.MaxDepth)
            return new TreeRead(znode, []);
        var children = await Sessions.ReadAsync(client, token => client.TryGetChildrenAsync(path, token), cancellation)
            .ConfigureAwait(false);
        return new TreeRead(znode, children?.Names ?? []);
    }

    private async ValueTask<TreeRead?> ReadAndWatchAsync(string path, CancellationToken cancellation)
    {
        var data = await Sessions.ReadAsync(
            client, token => Persistently.TryGetAndWatchAsync(client, path, token), cancellation).ConfigureAwait(false);
        if (data is not { } read)
        {
            Forget(path);
            if (path == root)
                await WatchForCreationAsync(cancellation).ConfigureAwait(false);
            return null;
        }

        Watched<ZnodeChildren>? children = null;
        if (ZnodePaths.DepthBelow(root, path) < options.MaxDepth)
        {
            children = await Sessions.ReadAsync(client, token => TryGetChildrenAndWatchAsync(path, token), cancellation)
                .ConfigureAwait(false);
        }

        Keep(path, read.Watch, children?.Watch);
        return new TreeRead(read.Value, children?.Value.Names ?? []);
    }

    // Only where it begins: what is below and goes, comes again by its parent's list, and no watch is left behind for it.
    private async ValueTask WatchForCreationAsync(CancellationToken cancellation)
    {
        var absent = await Sessions.ReadAsync(client, token => client.ExistsAndWatchAsync(root, token), cancellation).ConfigureAwait(false);
        Keep(root, absent.Watch, null);
        if (absent.Value is not null)
            inbox.Add(root);
    }

    private async ValueTask<Watched<ZnodeChildren>?> TryGetChildrenAndWatchAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await client.GetChildrenAndWatchAsync(path, cancellation).ConfigureAwait(false);
        }
        catch (NoNodeException)
        {
            return null;
        }
    }

    private void Keep(string path, Watch data, Watch? children)
    {
        Forget(path);
        lock (_gate)
            _watches[path] = (data, children);
        OnChange(path, data);
        if (children is not null)
            OnChange(path, children);
    }

    private void Forget(string path)
    {
        (Watch Data, Watch? Children) watches;
        lock (_gate)
        {
            if (!_watches.Remove(path, out watches))
                return;
        }

        watches.Data.Dispose();
        watches.Children?.Dispose();
    }

    private async void OnChange(string path, Watch watch)
    {
        var change = await watch.Changed.ConfigureAwait(false);
        if (change.Kind != WatchEventKind.Resync)
            inbox.Add(path);
        else if (change.Reason != ResyncReason.Closed)
            inbox.AddAll();
    }

    /// <summary>A znode that is read, until those below it are.</summary>
    private sealed class Branch(string path, Branch? parent)
    {
        private ImmutableSortedDictionary<string, CachedZnode>.Builder? _children;

        public string Path => path;

        public Znode Znode { get; set; }

        public CachedZnode Build()
        {
            var built = new CachedZnode(path, Znode, _children?.ToImmutable() ?? CachedZnode.NoChildren);
            if (parent is not null)
                (parent._children ??= CachedZnode.NoChildren.ToBuilder()).Add(built.Name, built);
            return built;
        }
    }
}

/// <summary>A znode with the names of its children, so far as they were asked for.</summary>
internal readonly record struct TreeRead(Znode Znode, string[] Names);
