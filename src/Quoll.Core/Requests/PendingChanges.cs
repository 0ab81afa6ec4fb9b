using Quoll.Core.Tree;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>A znode as a check must see it: as it will be once all transactions under way are applied.</summary>
internal struct ZnodeView
{
    public bool Exists;
    public StatPersisted Stat;
    public int ChildCount;
    public int Acl;
    public int DataLength;     // null counts as 0
    public uint ContentCrc;

    /// <summary>What the znode adds to the digest before whatever is changed in this view.</summary>
    public ulong DigestBefore;
}

/// <summary>
/// What the transactions under way will change, path by path, over the tree as it is (<c>outstandingChanges</c>). An entry goes
/// when its transaction is applied. Hardly anything is allocated once it has run for a while.
/// </summary>
internal sealed class PendingChanges : IHashChains
{
    private readonly DataTree _tree;
    private readonly bool _digests;
    private readonly ulong _seed;
    private readonly HashIndex _index;
    private const int KeptEntries = 16 * 1024;
    private readonly List<Entry> _entries = [new()];
    private readonly Stack<int> _free = new();
    private readonly Queue<(int Entry, long Zxid)> _order = new();
    private readonly List<Undo> _undo = [];
    private ulong _digest;
    private ulong _digestBefore;
    private bool _recording;

    public PendingChanges(DataTree tree, PeerOptions options)
    {
        _tree = tree;
        _digests = options.DigestEnabled;
        _seed = options.Seed;
        _index = new HashIndex(this);
    }

    /// <summary>The tree's digest once all transactions under way are applied.</summary>
    public ulong Digest => _index.Count == 0 ? _tree.Digest : _digest;

    public int Count => _index.Count;

    /// <summary>The znode of a path; false if it does not exist.</summary>
    public bool TryGet(ReadOnlySpan<byte> path, out ZnodeView view)
    {
        if (path.Length == 1 && path[0] == '/')
            path = default;
        if (_index.Count > 0 && Find(path) is > 0 and var entry)
        {
            view = _entries[entry].View;
            return view.Exists;
        }

        var node = _tree.Find(path);
        if (node == 0)
        {
            view = default;
            return false;
        }

        ref var znode = ref _tree[node];
        view = new ZnodeView
        {
            Exists = true,
            Stat = _tree.PersistedStatOf(node),
            ChildCount = _tree.ChildCountOf(node),
            Acl = znode.Acl,
            DataLength = Math.Max(znode.DataLength, 0),
            ContentCrc = znode.ContentCrc,
            DigestBefore = _tree.DigestOf(node, path),
        };
        return true;
    }

    /// <summary>Records what a transaction will make of a path, by a view got from <see cref="TryGet"/> and then changed.</summary>
    public void Put(ReadOnlySpan<byte> path, long zxid, in ZnodeView view)
    {
        if (path.Length == 1 && path[0] == '/')
            path = default;
        var digest = _digests && view.Exists && TreeDigest.Counts(path) ? TreeDigest.Node(view.ContentCrc, view.Stat) : 0;
        _digest = Digest - view.DigestBefore + digest;
        var hash = HashIndex.Hash(_seed, 0, path);
        var found = Find(path, hash);
        if (_recording)
            _undo.Add(found == 0 ? new Undo(0, 0, default) : new Undo(found, _entries[found].Zxid, _entries[found].View));
        if (view.Exists)
            _tree.Acls.AddReference(view.Acl);
        if (found == 0)
        {
            found = Allocate(path, hash);
            if (_recording)
                _undo[^1] = new Undo(found, 0, default);
        }
        else if (_entries[found].View.Exists && !_recording)
        {
            _tree.Acls.Release(_entries[found].View.Acl);
        }

        var entry = _entries[found];
        entry.View = view;
        entry.View.DigestBefore = digest;
        entry.Zxid = zxid;
        _order.Enqueue((found, zxid));
    }

    /// <summary>Begins a multi: from here on, changes can be taken back.</summary>
    public void BeginMulti()
    {
        _undo.Clear();
        _recording = true;
        _digestBefore = Digest;
    }

    /// <summary>Ends a multi that will happen.</summary>
    public void CommitMulti()
    {
        _recording = false;
        foreach (var undo in _undo)
        {
            if (undo.View.Exists)
                _tree.Acls.Release(undo.View.Acl);
        }
    }

    /// <summary>Ends a multi that failed: all is as it was when it began.</summary>
    public void RollBackMulti()
    {
        _recording = false;
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            var (index, zxid, view) = _undo[i];
            var entry = _entries[index];
            if (entry.View.Exists)
                _tree.Acls.Release(entry.View.Acl);
            entry.View = view;
            entry.Zxid = zxid;
            if (zxid == 0)
                Free(index);
        }

        _digest = _digestBefore;
    }

    /// <summary>Forgets what transactions up to this one changed: the tree now has it.</summary>
    public void OnApplied(long zxid)
    {
        while (_order.TryPeek(out var oldest) && oldest.Zxid <= zxid)
        {
            _order.Dequeue();
            var entry = _entries[oldest.Entry];
            // An entry that was changed again belongs to the later transaction; one that was freed may serve another path.
            if (entry.Zxid != oldest.Zxid)
                continue;
            if (entry.View.Exists)
                _tree.Acls.Release(entry.View.Acl);
            Free(oldest.Entry);
        }

        // After the end of a session with very many ephemerals.
        if (_order.Count == 0 && _entries.Count > KeptEntries)
        {
            _entries.RemoveRange(1, _entries.Count - 1);
            _entries.TrimExcess();
            _free.Clear();
            _free.TrimExcess();
            _order.TrimExcess();
            _undo.Clear();
            _undo.TrimExcess();
        }
    }

    /// <summary>Paths that transactions under way create for a session.</summary>
    public IEnumerable<byte[]> CreatedFor(long session) =>
        _entries.Where(entry => entry.Zxid != 0 && entry.View.Exists && entry.View.Stat.EphemeralOwner == session)
            .Select(entry => entry.Path[..entry.Length]);

    uint IHashChains.HashOf(int entry) => _entries[entry].Hash;

    int IHashChains.NextOf(int entry) => _entries[entry].HashNext;

    void IHashChains.SetNext(int entry, int next) => _entries[entry].HashNext = next;

    private int Find(ReadOnlySpan<byte> path) => Find(path, HashIndex.Hash(_seed, 0, path));

    private int Find(ReadOnlySpan<byte> path, uint hash)
    {
        var index = _index.First(hash);
        while (index != 0)
        {
            var entry = _entries[index];
            if (entry.Hash == hash && entry.Path.AsSpan(0, entry.Length).SequenceEqual(path))
                break;
            index = entry.HashNext;
        }

        return index;
    }

    private int Allocate(ReadOnlySpan<byte> path, uint hash)
    {
        if (!_free.TryPop(out var index))
        {
            index = _entries.Count;
            _entries.Add(new Entry());
        }

        var entry = _entries[index];
        if (entry.Path.Length < path.Length)
            entry.Path = new byte[Math.Max(path.Length, 64)];
        path.CopyTo(entry.Path);
        entry.Length = path.Length;
        entry.Hash = hash;
        _index.Add(index);
        return index;
    }

    private void Free(int index)
    {
        _index.Remove(index);
        _entries[index].Zxid = 0;
        _entries[index].View = default;
        _free.Push(index);
    }

    private sealed class Entry
    {
        public byte[] Path = [];
        public int Length;
        public int HashNext;
        public uint Hash;
        public long Zxid;
        public ZnodeView View;
    }

    private readonly record struct Undo(int Entry, long Zxid, ZnodeView View);
}
