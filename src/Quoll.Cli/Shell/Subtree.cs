using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Protocol.Records;

namespace Quoll.Cli.Shell;

/// <summary>What is read of each znode beside its children and stat.</summary>
[Flags]
internal enum SubtreeParts
{
    None = 0,
    Data = 1,
    Acl = 2,
}

/// <summary>A znode of a subtree.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Depth">How far below the root of the subtree, which is 0.</param>
/// <param name="Stat">Its stat.</param>
/// <param name="Children">The names of its children, in order.</param>
internal sealed record Visited(string Path, int Depth, Stat Stat, string[] Children)
{
    public byte[] Data { get; init; } = [];

    /// <summary>The server has no data of it at all.</summary>
    public bool IsDataNull { get; init; }

    public IReadOnlyList<AclEntry> Acl { get; init; } = [];

    public bool IsEphemeral => Stat.EphemeralOwner != 0;

    /// <summary>How one like it is created: persistent, for servers do not tell whether it is a container or has a time to live.</summary>
    public CreateOptions AsCreated => new() { Acl = Acl, IsDataNull = IsDataNull };
}

/// <summary>Reads a znode and all below it, each before what is below it, in the order of the names.</summary>
internal static class Subtree
{
    private const int ListsAhead = 2048;
    private const int WholesAhead = 256;

    /// <summary>
    /// Reads ahead what comes next, so that the way to the server is not waited for each time. What is kept is bounded by the siblings of
    /// those on the way from the root. A znode that goes meanwhile is left out.
    /// </summary>
    /// <exception cref="NoNodeException">The root is not there.</exception>
    public static async IAsyncEnumerable<Visited> WalkAsync(
        ZooKeeperClient client, string root, SubtreeParts parts, [EnumeratorCancellation] CancellationToken stop)
    {
        var readsAhead = parts == SubtreeParts.None ? ListsAhead : WholesAhead;
        var next = new List<Pending> { new(root, 0) };
        while (next.Count > 0)
        {
            // Those that are new, and the one that has come near enough: what is between them is under way.
            for (var ahead = next.Count - 1; ahead >= Math.Max(0, next.Count - readsAhead) && !next[ahead].IsUnderWay; ahead--)
                next[ahead].Begin(client, parts, stop);
            if (next.Count >= readsAhead && !next[^readsAhead].IsUnderWay)
                next[^readsAhead].Begin(client, parts, stop);
            var pending = next[^1];
            next.RemoveAt(next.Count - 1);
            if (await pending.EndAsync() is not { } visited)
            {
                if (pending.Depth == 0)
                    throw new NoNodeException(root, $"There is no {root}.");
                continue;
            }

            yield return visited;
            for (var last = visited.Children.Length - 1; last >= 0; last--)
                next.Add(new Pending(Join(visited.Path, visited.Children[last]), visited.Depth + 1));
        }
    }

    public static string Join(string parent, string name) => string.Concat(parent == "/" ? "" : parent, "/", name);

    /// <summary>What a path has below the root of a subtree: empty for the root, and else from a / on.</summary>
    public static string Below(string root, string path) => path == root ? "" : path[(root == "/" ? 0 : root.Length)..];

    /// <summary>Whether it is what servers keep for themselves: it stays where it is, and as it is.</summary>
    public static bool IsOfServer(string path) => path == "/zookeeper" || path.StartsWith("/zookeeper/", StringComparison.Ordinal);

    /// <summary>One whose turn will come. What is read of it is asked for before, and awaited then: mostly it is there already.</summary>
    private sealed class Pending(string path, int depth)
    {
        private ValueTask<ZnodeChildren?> _children;
        private Parts? _parts;

        public int Depth => depth;

        public bool IsUnderWay { get; private set; }

        public void Begin(ZooKeeperClient client, SubtreeParts parts, CancellationToken stop)
        {
            IsUnderWay = true;
#pragma warning disable CA2012 // It is awaited once, in EndAsync: no task is made where the answer is there by then.
            _children = client.TryGetChildrenAsync(path, stop);
#pragma warning restore CA2012
            if (parts != SubtreeParts.None)
                _parts = new Parts(client, path, parts, stop);
        }

        /// <returns>Null if it is not there any more.</returns>
        public async ValueTask<Visited?> EndAsync()
        {
            if (await _children is not { } children)
                return null;
            Array.Sort(children.Names, string.CompareOrdinal);
            var visited = new Visited(path, depth, children.Stat, children.Names);
            return _parts is null ? visited : await _parts.AddToAsync(visited);
        }
    }

    /// <summary>What is read of a znode beside its children.</summary>
    private sealed class Parts(ZooKeeperClient client, string path, SubtreeParts parts, CancellationToken stop)
    {
        private readonly Task<Znode?>? _data = parts.HasFlag(SubtreeParts.Data) ? client.TryGetAsync(path, stop).AsTask() : null;
        private readonly Task<ZnodeAcl>? _acl = parts.HasFlag(SubtreeParts.Acl) ? client.GetAclAsync(path, stop).AsTask() : null;

        public async ValueTask<Visited?> AddToAsync(Visited visited)
        {
            try
            {
                if (_data is not null)
                {
                    if (await _data is not { } znode)
                        return null;
                    visited = visited with { Stat = znode.Stat, Data = znode.Data, IsDataNull = znode.IsDataNull };
                }

                return _acl is null ? visited : visited with { Acl = (await _acl).Entries };
            }
            catch (NoNodeException)
            {
                return null;
            }
        }
    }
}
