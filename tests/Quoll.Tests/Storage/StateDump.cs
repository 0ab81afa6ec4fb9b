using System.Text;
using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol.Checksums;

namespace Quoll.Tests.Storage;

/// <summary>A state as text, so that two can be compared: all znodes with data, ACL and stat, all sessions, and the digest.</summary>
internal static class StateDump
{
    public static string Of(RecoveredState state)
    {
        var tree = state.Database.Tree;
        var lines = new List<string>();
        for (var node = 1; node < tree.End; node++)
        {
            if (tree.InUse(node))
                lines.Add(Znode(tree, node));
        }

        // Each server of an ensemble writes this one for itself.
        lines.RemoveAll(line => line.StartsWith("/zookeeper/config ", StringComparison.Ordinal));
        lines.Sort(StringComparer.Ordinal);
        foreach (var (id, timeout) in state.Database.Sessions.OrderBy(session => session.Key))
            lines.Add($"session 0x{id:x} {timeout}");
        lines.Add($"digest 0x{state.Digest:x}");
        return string.Join('\n', lines);
    }

    /// <summary>One znode's line, or null.</summary>
    public static string? Of(RecoveredState state, string path) =>
        state.Database.Tree.Find(Encoding.UTF8.GetBytes(path)) is > 0 and var node ? Znode(state.Database.Tree, node) : null;

    /// <summary>Lists that are counted otherwise than znodes have them, each a sentence.</summary>
    public static IReadOnlyList<string> WronglyCountedAcls(RecoveredState state)
    {
        var tree = state.Database.Tree;
        var counts = new Dictionary<int, int>();
        for (var node = 1; node < tree.End; node++)
        {
            if (tree.InUse(node))
                counts[tree[node].Acl] = counts.GetValueOrDefault(tree[node].Acl) + 1;
        }

        return
        [
            .. tree.Acls.All().Where(acl => acl.List.References != counts.GetValueOrDefault((int)acl.Key))
                .Select(acl => $"list {acl.Key} counts {acl.List.References}, but {counts.GetValueOrDefault((int)acl.Key)} znodes have it"),
        ];
    }

    private static string Znode(DataTree tree, int node)
    {
        var data = tree.DataOf(node);
        var content = tree[node].DataLength < 0 ? "null" : $"{data.Length}:{Crc32.Append(0, data):x}";
        var acl = Convert.ToHexString(tree.Acls[tree[node].Acl].Encoded);
        return $"{Encoding.UTF8.GetString(tree.PathOf(node))} {content} {acl} {tree.ChildCountOf(node)} {tree.PersistedStatOf(node)}";
    }
}
