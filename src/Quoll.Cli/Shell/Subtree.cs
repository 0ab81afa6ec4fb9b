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
    public Znode Znode { get; init; }

    public byte[] Data => Znode.Data ?? [];

    public IReadOnlyList<AclEntry> Acl { get; init; } = [];

    public bool IsEphemeral => Stat.EphemeralOwner != 0;

    /// <summary>How one like it is created: persistent, for servers do not tell whether it is a container or has a time to live.</summary>
    public CreateOptions AsCreated => new() { Acl = Acl, IsDataNull = Znode.IsDataNull };
}

/// <summary>Reads a znode and all below it, each before what is below it, in the order of the names.</summary>
internal static class Subtree
{
    private const int ReadsAhead = 256;

    /// <summary>
    /// Reads ahead what comes next, so that the way to the server is not waited for each time. What is kept is bounded by the siblings of
    /// those on the way from the root. A znode that goes meanwhile is left out.
    /// </summary>
    /// <exception cref="NoNodeException">The root is not there.</exception>
    public static async IAsyncEnumerable<Visited> WalkAsync(
        ZooKeeperClient client, string root, SubtreeParts parts, [EnumeratorCancellation] CancellationToken stop)
    {
        var next = new List<Pending> { new(root, 0) };
        while (next.Count > 0)
        {
            // Those that are new, and the one that has come near enough: what is between them is under way.
            for (var ahead = next.Count - 1; ahead >= Math.Max(0, next.Count - ReadsAhead) && next[ahead].Read is null; ahead--)
                next[ahead].Read = ReadAsync(client, next[ahead], parts, stop);
            if (next.Count >= ReadsAhead)
                next[^ReadsAhead].Read ??= ReadAsync(client, next[^ReadsAhead], parts, stop);
            var pending = next[^1];
            next.RemoveAt(next.Count - 1);
            if (await pending.Read! is not { } visited)
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

    public static string Join(string parent, string name) => parent == "/" ? $"/{name}" : $"{parent}/{name}";

    /// <summary>What a path has below the root of a subtree: empty for the root, and else from a / on.</summary>
    public static string Below(string root, string path) => path == root ? "" : path[(root == "/" ? 0 : root.Length)..];

    private static async Task<Visited?> ReadAsync(ZooKeeperClient client, Pending pending, SubtreeParts parts, CancellationToken stop)
    {
        var children = client.TryGetChildrenAsync(pending.Path, stop);
        var data = parts.HasFlag(SubtreeParts.Data) ? client.TryGetAsync(pending.Path, stop).AsTask() : null;
        var acl = parts.HasFlag(SubtreeParts.Acl) ? client.GetAclAsync(pending.Path, stop).AsTask() : null;
        try
        {
            if (await children is not { } listed || (data is not null && await data is null))
                return null;
            Array.Sort(listed.Names, string.CompareOrdinal);
            return new Visited(pending.Path, pending.Depth, data?.Result?.Stat ?? listed.Stat, listed.Names)
            {
                Znode = data?.Result ?? default,
                Acl = acl is null ? [] : (await acl).Entries,
            };
        }
        catch (NoNodeException)
        {
            return null;
        }
    }

    private sealed class Pending(string path, int depth)
    {
        public string Path => path;

        public int Depth => depth;

        public Task<Visited?>? Read { get; set; }
    }
}
