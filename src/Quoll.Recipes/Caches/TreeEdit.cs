namespace Quoll.Recipes.Caches;

/// <summary>Makes one tree of another, and says what is different.</summary>
internal sealed class TreeEdit(string path, CachedZnode? root)
{
    public CachedZnode? Root { get; private set; } = root;

    /// <summary>What became of the tree so far, parents before children where they came and after them where they went.</summary>
    public List<TreeChange> Changes { get; } = [];

    /// <summary>How many more znodes there are than were.</summary>
    public int Growth { get; private set; }

    public CachedZnode? Find(string at) => new TreeSnapshot(path, Root, 0).Find(at);

    /// <summary>Puts a znode, with all below it, in the place of what was there. Nothing happens where its parent is not there: if that
    /// comes, it is told.</summary>
    public void Put(string at, CachedZnode? next)
    {
        var old = Find(at);
        if (ReferenceEquals(old, next))
            return;
        if (at == path)
            Root = next;
        else if (Root is null || Put(Root, path.Length == 1 ? 0 : path.Length, at, next) is not { } changed)
            return;
        else
            Root = changed;
        Compare(at, old, next);
    }

    private static CachedZnode? Put(CachedZnode node, int start, string at, CachedZnode? next)
    {
        var end = at.IndexOf('/', start + 1);
        var name = end < 0 ? at[(start + 1)..] : at[(start + 1)..end];
        if (end < 0)
            return node.With(next is null ? node.Children.Remove(name) : node.Children.SetItem(name, next));
        return node.Children.TryGetValue(name, out var child) && Put(child, end, at, next) is { } changed
            ? node.With(node.Children.SetItem(name, changed))
            : null;
    }

    private void Compare(string at, CachedZnode? old, CachedZnode? next)
    {
        if (old is null)
        {
            Tell(TreeChangeKind.Added, at, old, next);
            Growth++;
        }
        else if (next is not null && !old.IsSameAs(next))
        {
            Tell(TreeChangeKind.Updated, at, old, next);
        }

        CompareChildren(old, next);
        if (next is null)
        {
            Tell(TreeChangeKind.Removed, at, old, next);
            Growth--;
        }
    }

    private void CompareChildren(CachedZnode? old, CachedZnode? next)
    {
        var (before, after) = (old?.Children ?? CachedZnode.NoChildren, next?.Children ?? CachedZnode.NoChildren);
        if (ReferenceEquals(before, after))
            return;
        foreach (var (name, child) in before)
        {
            if (!after.TryGetValue(name, out var other))
                Compare(child.Path, child, null);
            else if (!ReferenceEquals(child, other))
                Compare(child.Path, child, other);
        }

        foreach (var (name, child) in after)
        {
            if (!before.ContainsKey(name))
                Compare(child.Path, null, child);
        }
    }

    private void Tell(TreeChangeKind kind, string at, CachedZnode? old, CachedZnode? next) => Changes.Add(new(kind, at, old, next));
}
