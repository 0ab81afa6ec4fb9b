using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Caches;

/// <summary>
/// What one reader of a cache has not been told yet: net changes against what he was told. So a slow reader costs at most an entry for each
/// znode that he knows of or that there is, and misses nothing that is still so.
/// </summary>
internal sealed class TreeFeed(string path)
{
    private readonly Lock _gate = new();
    private readonly Pulse _pulse = new();
    private readonly SortedDictionary<string, (CachedZnode? Old, CachedZnode? New)> _pending = new(StringComparer.Ordinal);
    private bool _isFresh;
    private bool _toldFresh;
    private bool _isOver;

    /// <summary>Adds what has changed; the reader goes on when he is woken.</summary>
    public void Offer(IReadOnlyList<TreeChange> changes, bool isFresh)
    {
        lock (_gate)
        {
            _isFresh = isFresh;
            foreach (var change in changes)
                Merge(change);
        }
    }

    public void End()
    {
        lock (_gate)
            _isOver = true;
    }

    /// <summary>Lets the reader go on, within this call: not to be made under a lock.</summary>
    public void Wake() => _pulse.Set();

    /// <summary>What there is to tell; null when nothing will come any more.</summary>
    public async ValueTask<List<TreeChange>?> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            lock (_gate)
            {
                var taken = Drain();
                if (taken.Count > 0)
                    return taken;
                if (_isOver)
                    return null;
            }

            await _pulse.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    // What goes, children first; then what comes, parents first; then whether that is all.
    private List<TreeChange> Drain()
    {
        var changes = new List<TreeChange>(_pending.Count + 1);
        foreach (var (at, (old, next)) in _pending)
        {
            if (next is null)
                changes.Add(new TreeChange(TreeChangeKind.Removed, at, old, next));
        }

        changes.Reverse();
        foreach (var (at, (old, next)) in _pending)
        {
            if (next is not null)
                changes.Add(new TreeChange(old is null ? TreeChangeKind.Added : TreeChangeKind.Updated, at, old, next));
        }

        _pending.Clear();
        if (_isFresh != _toldFresh)
            changes.Add(new TreeChange(_isFresh ? TreeChangeKind.Fresh : TreeChangeKind.Stale, path, null, null));
        _toldFresh = _isFresh;
        return changes;
    }

    private void Merge(TreeChange change)
    {
        var old = _pending.TryGetValue(change.Path, out var before) ? before.Old : change.Old;
        var isAsBefore = old is null ? change.New is null : change.New is not null && old.IsSameAs(change.New);
        if (isAsBefore)
            _pending.Remove(change.Path);
        else
            _pending[change.Path] = (old, change.New);
    }
}
