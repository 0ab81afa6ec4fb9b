using Quoll.Client;

namespace Quoll.Recipes.Watching;

/// <summary>Reading a znode's children once, each with its data.</summary>
internal static class SmallReads
{
    private const int MaxParallel = 64;

    /// <summary>Those that are there; none if the parent is not.</summary>
    public static async ValueTask<List<(string Path, Znode Znode)>> ChildrenAsync(
        ZooKeeperClient client, string parent, CancellationToken cancellation)
    {
        var children = await Sessions.ReadAsync(client, token => client.TryGetChildrenAsync(parent, token), cancellation)
            .ConfigureAwait(false);
        var found = new List<(string, Znode)>();
        var underWay = new Queue<(string Path, Task<Znode?> Read)>();
        foreach (var name in children?.Names ?? [])
        {
            var path = ZnodePaths.Join(parent, name);
            underWay.Enqueue((path, Sessions.ReadAsync(client, token => client.TryGetAsync(path, token), cancellation).AsTask()));
            if (underWay.Count == MaxParallel)
                await TakeAsync().ConfigureAwait(false);
        }

        while (underWay.Count > 0)
            await TakeAsync().ConfigureAwait(false);
        return found;

        async ValueTask TakeAsync()
        {
            var (path, read) = underWay.Dequeue();
            if (await read.ConfigureAwait(false) is { } znode)
                found.Add((path, znode));
        }
    }
}
