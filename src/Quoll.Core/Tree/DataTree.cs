using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Tree;

/// <summary>
/// The znodes. They lie packed in tables of plain numbers and bytes: about 200 bytes for a znode of 100, and hardly an object for
/// the garbage collector. A znode is referred to by its number; 0 means "no such znode". Methods change exactly what a transaction
/// changes and decide nothing: checks were made before.
/// </summary>
internal sealed class DataTree : IHashChains
{
    public const int Root = 1;
    private readonly PagedTable<Znode> _nodes = new();
    private readonly PagedTable<Branch> _branches = new();
    private readonly SlabStore _blobs = new();
    private readonly HashIndex _index;
    private readonly ulong _seed;
    private readonly bool _digests;
    private byte[] _path = new byte[256];

    public DataTree(PeerOptions options)
    {
        _seed = options.Seed;
        _digests = options.DigestEnabled;
        _index = new HashIndex(this);
        Acls = new AclTable(_seed);
        OwnerTypes = options.OwnerTypes;
        Owned = new OwnedZnodes(this, OwnerTypes);
        Snapshot = new SnapshotCursor(this);
        var root = _nodes.Allocate();
        Invariant.Holds(root == Root);
        _nodes[root].ContentCrc = TreeDigest.Content(default, default);
        Count = 1;
        Digest += DigestOf(Root, default);
    }

    public AclTable Acls { get; }

    public EphemeralOwner OwnerTypes { get; }

    public OwnedZnodes Owned { get; }

    public SnapshotCursor Snapshot { get; }

    /// <summary>The tree's digest; 0 when digests are off.</summary>
    public ulong Digest { get; private set; }

    /// <summary>Znodes, the root among them.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all paths and data.</summary>
    public long DataSize { get; private set; }

    /// <summary>One above the highest number of a znode.</summary>
    public int End => _nodes.End;

    public ref Znode this[int node] => ref _nodes[node];

    public bool InUse(int node) => node == Root || _nodes[node].Parent != 0;

    /// <summary>The znode of a path, taken literally: no rule is checked. The empty path is the root, as in Apache's server.</summary>
    public int Find(ReadOnlySpan<byte> path)
    {
        if (path.Length <= 1)
            return path.IsEmpty || path[0] == '/' ? Root : 0;
        if (path[0] != '/')
            return 0;
        var node = Root;
        var rest = path[1..];
        while (true)
        {
            var slash = rest.IndexOf((byte)'/');
            if (slash < 0)
                return Child(node, rest);
            node = Child(node, rest[..slash]);
            if (node == 0)
                return 0;
            rest = rest[(slash + 1)..];
        }
    }

    public int Child(int parent, ReadOnlySpan<byte> name)
    {
        var hash = HashIndex.Hash(_seed, parent, name);
        var node = _index.First(hash);
        while (node != 0)
        {
            ref var znode = ref _nodes[node];
            if (znode.Hash == hash && znode.Parent == parent && NameOf(node).SequenceEqual(name))
                break;
            node = znode.HashNext;
        }

        return node;
    }

    public ReadOnlySpan<byte> NameOf(int node)
    {
        ref var znode = ref _nodes[node];
        return _blobs.Span(znode.Blob, znode.NameLength);
    }

    /// <summary>The data, empty where it is null: <see cref="Znode.DataLength"/> tells.</summary>
    public ReadOnlySpan<byte> DataOf(int node)
    {
        ref var znode = ref _nodes[node];
        return znode.DataLength <= 0
            ? default
            : _blobs.Span(znode.Blob, znode.NameLength + znode.DataLength)[znode.NameLength..];
    }

    /// <summary>The path, valid until the next call; of the root, the empty string.</summary>
    public ReadOnlySpan<byte> PathOf(int node)
    {
        var at = _path.Length;
        for (; node != Root; node = _nodes[node].Parent)
        {
            var name = NameOf(node);
            while (at < name.Length + 1)
            {
                var larger = new byte[_path.Length * 2];
                _path.AsSpan(at).CopyTo(larger.AsSpan(at + _path.Length));
                at += _path.Length;
                _path = larger;
            }

            at -= name.Length;
            name.CopyTo(_path.AsSpan(at));
            _path[--at] = (byte)'/';
        }

        return _path.AsSpan(at);
    }

    /// <summary>How many znodes are below this one. Takes as long as there are many.</summary>
    public int CountBelow(int top)
    {
        var count = 0;
        for (var node = NextBelow(top, top); node != 0; node = NextBelow(top, node))
            count++;
        return count;
    }

    /// <summary>The znode after this one in a walk of all that are below <paramref name="top"/>, parents first; 0 at its end.</summary>
    public int NextBelow(int top, int node)
    {
        var next = FirstChildOf(node);
        while (next == 0 && node != top)
        {
            next = _nodes[node].NextSibling;
            node = _nodes[node].Parent;
        }

        return next;
    }

    /// <summary>A znode without children at or below this one.</summary>
    public int LeafBelow(int node)
    {
        while (FirstChildOf(node) is > 0 and var child)
            node = child;
        return node;
    }

    /// <summary>The branch of a znode that has one.</summary>
    public ref Branch BranchOf(int node) => ref _branches[_nodes[node].Branch];

    public int ChildCountOf(int node) => _nodes[node].Branch == 0 ? 0 : BranchOf(node).ChildCount;

    public int FirstChildOf(int node) => _nodes[node].Branch == 0 ? 0 : BranchOf(node).FirstChild;

    public long OwnerOf(int node) => _nodes[node].Branch == 0 ? 0 : BranchOf(node).EphemeralOwner;

    public StatPersisted PersistedStatOf(int node)
    {
        ref var z = ref _nodes[node];
        if (z.Branch == 0)
            return new StatPersisted(z.Czxid, z.Mzxid, z.Ctime, z.Mtime, z.Version, 0, 0, 0, z.Czxid);
        ref var b = ref _branches[z.Branch];
        return new StatPersisted(
            z.Czxid, z.Mzxid, z.Ctime, z.Mtime, z.Version, b.Cversion, b.Aversion, b.EphemeralOwner, b.Pzxid);
    }

    /// <summary>The stat as clients see it: creations and deletions counted, and only a session shown as owner.</summary>
    public Stat StatOf(int node)
    {
        var s = PersistedStatOf(node);
        var children = ChildCountOf(node);
        var owner = OwnerTypes.KindOf(s.EphemeralOwner) == OwnerKind.Session ? s.EphemeralOwner : 0;
        return new Stat(
            s.Czxid, s.Mzxid, s.Ctime, s.Mtime, s.Version, unchecked((s.Cversion * 2) - children), s.Aversion,
            owner, Math.Max(_nodes[node].DataLength, 0), children, s.Pzxid);
    }

    /// <summary>True for a path at which a znode can be found once its parent was: absolute, and without a name that is empty.</summary>
    public static bool IsPlace(ReadOnlySpan<byte> path) =>
        path.Length > 1 && path[0] == '/' && path[1] != '/' && path[^1] != '/';

    /// <summary>Adds a znode under a parent, whose own stat stays as it is.</summary>
    public int Add(int parent, ReadOnlySpan<byte> path, ReadOnlySpan<byte> data, bool dataIsNull, int acl, in StatPersisted stat)
    {
        var node = _nodes.Allocate();
        var name = ZnodePath.Name(path);
        ref var z = ref _nodes[node];
        z.SnapshotMark = Snapshot.Mark;
        z.Parent = parent;
        z.NameLength = name.Length;
        z.Hash = HashIndex.Hash(_seed, parent, name);
        z.Blob = _blobs.Allocate(name.Length + data.Length);
        z.DataLength = dataIsNull ? -1 : data.Length;
        var blob = _blobs.Span(z.Blob, name.Length + data.Length);
        name.CopyTo(blob);
        data.CopyTo(blob[name.Length..]);
        z.Acl = acl;
        Acls.AddReference(acl);

        Snapshot.BeforeChange(parent);
        ref var up = ref EnsureBranch(parent);
        z.NextSibling = up.FirstChild;
        if (up.FirstChild != 0)
            _nodes[up.FirstChild].PreviousSibling = node;
        up.FirstChild = node;
        up.ChildCount++;
        _index.Add(node);
        Count++;
        DataSize += path.Length + data.Length;
        SetStat(node, stat);
        if (_digests)
            z.ContentCrc = TreeDigest.Content(path, data);
        Digest += DigestOf(node, path);
        return node;
    }

    /// <summary>So many znodes are about to be added.</summary>
    public void Expect(int count) => _index.Reserve(count);

    /// <summary>Removes a znode without children; its parent's stat stays as it is.</summary>
    public void Remove(int node, ReadOnlySpan<byte> path)
    {
        Invariant.Holds(node != Root && ChildCountOf(node) == 0);
        Snapshot.BeforeChange(node);
        ref var z = ref _nodes[node];
        Snapshot.BeforeChange(z.Parent);
        Digest -= DigestOf(node, path);
        _index.Remove(node);
        ref var up = ref BranchOf(z.Parent);
        if (z.PreviousSibling != 0)
            _nodes[z.PreviousSibling].NextSibling = z.NextSibling;
        else
            up.FirstChild = z.NextSibling;
        if (z.NextSibling != 0)
            _nodes[z.NextSibling].PreviousSibling = z.PreviousSibling;
        up.ChildCount--;
        if (z.Branch != 0)
        {
            Owned.Remove(ref _branches[z.Branch]);
            _branches.Free(z.Branch);
        }

        Count--;
        DataSize -= path.Length + Math.Max(z.DataLength, 0);
        Acls.Release(z.Acl);
        _blobs.Free(z.Blob);
        _nodes.Free(node);
    }

    public void SetData(int node, ReadOnlySpan<byte> path, ReadOnlySpan<byte> data, bool dataIsNull, int version, long zxid, long time)
    {
        Snapshot.BeforeChange(node);
        Digest -= DigestOf(node, path);
        ReplaceData(node, data, dataIsNull);
        ref var z = ref _nodes[node];
        z.Version = version;
        z.Mzxid = zxid;
        z.Mtime = time;
        if (_digests)
            z.ContentCrc = TreeDigest.Content(path, data);
        Digest += DigestOf(node, path);
    }

    /// <summary>Replaces data and nothing else, as the server does with the usage it keeps below <c>/zookeeper/quota</c>.</summary>
    public void ReplaceDataInPlace(int node, ReadOnlySpan<byte> data)
    {
        Snapshot.BeforeChange(node);
        ReplaceData(node, data, dataIsNull: false);
    }

    public void SetAcl(int node, ReadOnlySpan<byte> path, int acl, int aversion)
    {
        Snapshot.BeforeChange(node);
        Digest -= DigestOf(node, path);
        ReplaceAcl(node, acl);
        EnsureBranch(node).Aversion = aversion;
        Digest += DigestOf(node, path);
    }

    public void ReplaceAcl(int node, int acl)
    {
        Snapshot.BeforeChange(node);
        Acls.AddReference(acl);
        Acls.Release(_nodes[node].Acl);
        _nodes[node].Acl = acl;
    }

    /// <summary>What creating or deleting a child does to the parent's stat.</summary>
    public void SetChildStat(int node, ReadOnlySpan<byte> path, int cversion, long pzxid)
    {
        Snapshot.BeforeChange(node);
        Digest -= DigestOf(node, path);
        ref var branch = ref EnsureBranch(node);
        branch.Cversion = cversion;
        branch.Pzxid = pzxid;
        Digest += DigestOf(node, path);
    }

    /// <summary>Gives a znode the whole stat of a snapshot or a new znode.</summary>
    public void SetStat(int node, in StatPersisted stat)
    {
        ref var z = ref _nodes[node];
        z.Czxid = stat.Czxid;
        z.Mzxid = stat.Mzxid;
        z.Ctime = stat.Ctime;
        z.Mtime = stat.Mtime;
        z.Version = stat.Version;
        if (z.Branch == 0 && stat.Cversion == 0 && stat.Aversion == 0 && stat.EphemeralOwner == 0 && stat.Pzxid == stat.Czxid)
            return;
        ref var branch = ref EnsureBranch(node);
        branch.Cversion = stat.Cversion;
        branch.Aversion = stat.Aversion;
        branch.Pzxid = stat.Pzxid;
        branch.EphemeralOwner = stat.EphemeralOwner;
        Owned.Add(node, ref branch);
    }

    /// <summary>Gives the root, which always exists, the content that a snapshot has of it.</summary>
    public void SetRoot(ReadOnlySpan<byte> data, bool dataIsNull, int acl, in StatPersisted stat)
    {
        Digest -= DigestOf(Root, default);
        ReplaceData(Root, data, dataIsNull);
        ReplaceAcl(Root, acl);
        SetStat(Root, stat);
        _nodes[Root].ContentCrc = TreeDigest.Content(default, data);
        Digest += DigestOf(Root, default);
    }

    /// <summary>What a znode adds to the digest now.</summary>
    public ulong DigestOf(int node, ReadOnlySpan<byte> path) =>
        _digests && TreeDigest.Counts(path) ? TreeDigest.Node(_nodes[node].ContentCrc, PersistedStatOf(node)) : 0;

    uint IHashChains.HashOf(int entry) => _nodes[entry].Hash;

    int IHashChains.NextOf(int entry) => _nodes[entry].HashNext;

    void IHashChains.SetNext(int entry, int next) => _nodes[entry].HashNext = next;

    private ref Branch EnsureBranch(int node)
    {
        ref var z = ref _nodes[node];
        if (z.Branch == 0)
        {
            z.Branch = _branches.Allocate();
            _branches[z.Branch].Pzxid = z.Czxid;
        }

        return ref _branches[z.Branch];
    }

    private void ReplaceData(int node, ReadOnlySpan<byte> data, bool dataIsNull)
    {
        ref var z = ref _nodes[node];
        DataSize += data.Length - Math.Max(z.DataLength, 0);
        if (data.Length != Math.Max(z.DataLength, 0))
        {
            var blob = _blobs.Allocate(z.NameLength + data.Length);
            _blobs.Span(z.Blob, z.NameLength).CopyTo(_blobs.Span(blob, z.NameLength));
            _blobs.Free(z.Blob);
            z.Blob = blob;
        }

        data.CopyTo(_blobs.Span(z.Blob, z.NameLength + data.Length)[z.NameLength..]);
        z.DataLength = dataIsNull ? -1 : data.Length;
    }
}
