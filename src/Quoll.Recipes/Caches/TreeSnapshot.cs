using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>What a <see cref="TreeCache"/> had at one time. It never changes, and may be kept.</summary>
public sealed class TreeSnapshot
{
    private readonly string _path;

    internal TreeSnapshot(string path, CachedZnode? root, int count) => (_path, Root, Count) = (path, root, count);

    /// <summary>The znode at the cache's path, with all below it; null if it is not there.</summary>
    public CachedZnode? Root { get; }

    /// <summary>How many znodes there are, the root included.</summary>
    public int Count { get; }

    /// <summary>Finds a znode by its path; null if it is not there, or not in the cache.</summary>
    public CachedZnode? Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (ZnodePaths.DepthBelow(_path, path) is not { } depth)
            return null;
        var found = Root;
        for (var start = _path.Length == 1 ? 0 : _path.Length; found is not null && depth > 0; depth--)
        {
            var end = depth == 1 ? path.Length : path.IndexOf('/', start + 1);
            found = found.Children.GetValueOrDefault(path[(start + 1)..end]);
            start = end;
        }

        return found;
    }
}
