namespace Quoll.Recipes;

/// <summary>What a <see cref="TreeCache"/> tells.</summary>
public enum TreeChangeKind
{
    /// <summary>All that was told until here is so: the cache has everything, and there is a server to tell of changes.</summary>
    Fresh,

    /// <summary>What was told may be no longer so: the server is lost, or changes were missed. What really became otherwise is told
    /// before the next <see cref="Fresh"/>.</summary>
    Stale,

    /// <summary>A znode is there that was not.</summary>
    Added,

    /// <summary>A znode has other data, or was deleted and created again.</summary>
    Updated,

    /// <summary>A znode is there no longer.</summary>
    Removed,
}

/// <summary>A change in a <see cref="TreeCache"/>, against what the same reader was told before.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Path">Which znode; the cache's path for <see cref="TreeChangeKind.Fresh"/> and <see cref="TreeChangeKind.Stale"/>.</param>
/// <param name="Old">What it was; null where it was not there.</param>
/// <param name="New">What it is; null where it is not there.</param>
public readonly record struct TreeChange(TreeChangeKind Kind, string Path, CachedZnode? Old, CachedZnode? New);
