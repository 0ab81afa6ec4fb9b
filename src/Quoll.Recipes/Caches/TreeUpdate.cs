using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Caches;

/// <summary>Reads what has changed, or everything, and puts it into the tree.</summary>
internal sealed class TreeUpdate(string root, TreeReader reader, TreeInbox inbox)
{
    private const int Doubts = 3;
    private bool _isInDoubt;
    private int _doubts = Doubts;

    /// <param name="paths">What is to be read; everything if null.</param>
    /// <param name="edit">Where it is put.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public ValueTask ApplyAsync(IReadOnlyCollection<string>? paths, TreeEdit edit, CancellationToken cancellation) =>
        paths is null ? ReadAllAsync(edit, cancellation) : ReadSomeAsync(paths, edit, cancellation);

    private async ValueTask ReadAllAsync(TreeEdit edit, CancellationToken cancellation)
    {
        reader.Forget();
        edit.Put(root, await reader.LoadAsync(root, cancellation).ConfigureAwait(false));
        if (_isInDoubt)
            _doubts = edit.Changes.Exists(change => change.Path != root) ? Doubts : _doubts - 1;
        _isInDoubt = false;
    }

    private async ValueTask ReadSomeAsync(IReadOnlyCollection<string> paths, TreeEdit edit, CancellationToken cancellation)
    {
        await foreach (var (path, read) in reader.ReadAsync(paths, cancellation).ConfigureAwait(false))
        {
            var old = edit.Find(path);
            if (read is not { } found)
            {
                edit.Put(path, null);
                continue;
            }

            edit.Put(path, old?.With(found.Znode) ?? new CachedZnode(path, found.Znode, CachedZnode.NoChildren));
            if (reader.SetsWatches)
                await ReadChildrenAsync(path, found.Names, edit, cancellation).ConfigureAwait(false);
        }

        DoubtEventsAtRoot(paths, edit);
    }

    // Where each znode has its own watches, its list of children says which came and went.
    private async ValueTask ReadChildrenAsync(string path, string[] names, TreeEdit edit, CancellationToken cancellation)
    {
        var before = edit.Find(path)?.Children ?? CachedZnode.NoChildren;
        var there = names.ToHashSet(StringComparer.Ordinal);
        foreach (var child in before.Values.Where(child => !there.Contains(child.Name)))
            edit.Put(child.Path, null);
        foreach (var name in names.Where(name => !before.ContainsKey(name)))
        {
            var child = ZnodePaths.Join(path, name);
            if (reader.Keeps(child))
                edit.Put(child, await reader.LoadAsync(child, cancellation).ConfigureAwait(false));
        }
    }

    // There are servers that tell of everything below by the path that is watched. Where that was told of and has not changed, it may have
    // been something below; if that finds nothing a few times, the server does not do it, and the root has just changed faster than it was
    // read.
    private void DoubtEventsAtRoot(IReadOnlyCollection<string> paths, TreeEdit edit)
    {
        if (reader.SetsWatches || _doubts == 0 || !paths.Contains(root) || edit.Changes.Exists(change => change.Path == root))
            return;
        _isInDoubt = true;
        inbox.AddAll();
    }
}
