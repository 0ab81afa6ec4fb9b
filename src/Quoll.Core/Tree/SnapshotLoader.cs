using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Tree;

/// <summary>Fills a database from a snapshot. After a snapshot that proved bad, begin again with a new database and loader.</summary>
internal sealed class SnapshotLoader(Database database, Zxid zxid) : ISnapshotHandler
{
    private const long OpenKey = -1;

    /// <summary>
    /// A guess at a znode's bytes in a snapshot, halved: the log after it may bring as many again. Room in the index is made by it, four
    /// bytes each; where znodes are larger, some is not used.
    /// </summary>
    private const int BytesOfZnode = 96;

    /// <summary>Room is made for no more, whatever the length says.</summary>
    private const int MostExpected = 64 * 1024 * 1024;
    private static readonly AclEntry[] ClosedToAll = [new(Permissions.None, "world", "anyone")];
    private readonly Dictionary<long, int> _acls = new() { [OpenKey] = AclTable.OpenToAll };
    private byte[] _parentPath = [];
    private int _parent = DataTree.Root;

    public void OnLength(long bytes) => database.Tree.Expect((int)Math.Min(bytes / BytesOfZnode, MostExpected));

    public void OnSession(long sessionId, int timeout) => database.Sessions[sessionId] = timeout;

    public void OnAcl(long key, JuteVector<Acl> acl)
    {
        if (_acls.ContainsKey(key))
            throw new InvalidSnapshotException($"the list {key} comes twice");
        var id = database.Tree.Acls.Intern(acl);
        database.Tree.Acls.AddReference(id);
        _acls[key] = id;
    }

    public void OnZnode(JuteBytes path, JuteBytes data, long aclKey, in StatPersisted stat)
    {
        var tree = database.Tree;
        if (path.Length == 0)
        {
            if (stat.EphemeralOwner != 0)
                throw new InvalidSnapshotException($"the root has the owner 0x{stat.EphemeralOwner:x}");
            tree.SetRoot(data.Span, data.IsNull, ListOf(aclKey), stat);
            return;
        }

        if (!DataTree.IsPlace(path.Span))
            throw new InvalidSnapshotException($"the path {path.ToString()} can't be");
        var parentPath = ZnodePath.Parent(path.Span);
        if (!parentPath.SequenceEqual(_parentPath))
        {
            _parent = tree.Find(parentPath);
            _parentPath = parentPath.ToArray();
        }

        if (_parent == 0)
            throw new InvalidSnapshotException($"the znode {path.ToString()} comes before its parent");
        if (tree.Child(_parent, ZnodePath.Name(path.Span)) is > 0 and var existing)
        {
            // The znodes that every tree has are there already.
            if (!path.Span.StartsWith("/zookeeper"u8))
                throw new InvalidSnapshotException($"the znode {path.ToString()} comes twice");
            RemoveBuiltIn(existing, path.Span);
        }

        tree.Add(_parent, path.Span, data.Span, data.IsNull, ListOf(aclKey), stat);
    }

    public void OnDigest(Zxid digestZxid, int version, long digest)
    {
        // Apache's snapshot of an empty database tells of zxid 0 a digest of 0, which is none.
        if (version != TreeDigest.Version || digestZxid <= default(Zxid))
            return;
        database.DigestsComparableFrom = digestZxid;
        database.DigestThere = digestZxid >= zxid ? (ulong)digest : null;
    }

    /// <summary>To be called once the whole snapshot was read and found good.</summary>
    public void Complete()
    {
        foreach (var (key, id) in _acls)
        {
            if (key != OpenKey)
                database.Tree.Acls.Release(id);
        }

        database.LastProcessed = zxid;
        database.CheckLoadedDigest();
        database.Quotas.Rebuild();
    }

    // A fuzzy snapshot of Apache's may name a list that its table lacks; replaying the log mends it. Until then: closed. That list has no
    // reference of the table's, so it is looked up only when nothing more is removed.
    private int ListOf(long aclKey) => _acls.TryGetValue(aclKey, out var acl) ? acl : database.Tree.Acls.Intern(ClosedToAll);

    private void RemoveBuiltIn(int node, ReadOnlySpan<byte> path)
    {
        var tree = database.Tree;
        while (tree.FirstChildOf(node) is > 0 and var child)
            RemoveBuiltIn(child, tree.PathOf(child).ToArray());
        tree.Remove(node, path);
    }
}
