using Quoll.Protocol.Jute;

namespace Quoll.Core.Tree;

/// <summary>
/// Walks the tree for a snapshot, a slice at a time, while requests are served. The snapshot is the tree as it was at the beginning:
/// a znode that is about to change before the walk has come to it is written first. So nothing has to be repaired at load, by us or
/// by Apache's server. Whether a znode has been written is one bit of it, whose meaning turns over with each snapshot.
/// </summary>
internal sealed class SnapshotCursor(DataTree tree)
{
    private const int LargestBuffer = 16 * 1024 * 1024;
    private readonly List<int> _ancestors = [];
    private readonly List<LaneBuffer> _full = [];
    private LaneBuffer _filling = new();
    private LaneBuffer _handedOut = new();
    private int _next;

    /// <summary>The mark of znodes that a running snapshot has; new znodes get it, since they are not to be in it.</summary>
    public bool Mark { get; private set; }

    public bool Running { get; private set; }

    /// <summary>Begins a snapshot; the caller writes what stands before the znodes.</summary>
    public LaneBuffer Begin()
    {
        Invariant.Holds(!Running);
        Mark = !Mark;
        Running = true;
        _next = DataTree.Root;
        _filling.Clear();
        return _filling;
    }

    /// <summary>To be called before anything of a znode changes.</summary>
    public void BeforeChange(int node)
    {
        if (Running && tree[node].SnapshotMark != Mark)
            WriteWithAncestors(node);
    }

    /// <summary>Writes more znodes, until a slice is full or the tree is done; true when it is done.</summary>
    public bool Walk(int sliceSize)
    {
        for (; _full.Count == 0 && _filling.Length < sliceSize && _next < tree.End; _next++)
        {
            if (tree.InUse(_next))
                BeforeChange(_next);
        }

        return _next == tree.End;
    }

    /// <summary>The bytes since the last call. They stay as they are until the next one.</summary>
    public List<ReadOnlyMemory<byte>> TakeSlices()
    {
        var slices = _full.ConvertAll(full => full.WrittenMemory);
        _full.Clear();
        (_filling, _handedOut) = (_handedOut, _filling);
        _filling.Clear();
        if (_handedOut.Length > 0)
            slices.Add(_handedOut.WrittenMemory);
        return slices;
    }

    public void End() => Running = false;

    // Readers need a parent before its children.
    private void WriteWithAncestors(int node)
    {
        _ancestors.Clear();
        for (; tree[node].SnapshotMark != Mark; node = tree[node].Parent)
        {
            _ancestors.Add(node);
            tree[node].SnapshotMark = Mark;
            if (node == DataTree.Root)
                break;
        }

        var writer = new JuteWriter(_filling);
        for (var i = _ancestors.Count - 1; i >= 0; i--)
            Write(ref writer, _ancestors[i]);
        writer.Commit();

        // While the disk is busy with the last slice, as much may be added as changes.
        if (_filling.Length < LargestBuffer)
            return;
        _full.Add(_filling);
        _filling = new LaneBuffer();
    }

    private void Write(ref JuteWriter writer, int node)
    {
        ref var znode = ref tree[node];
        writer.WriteBytes(tree.PathOf(node));
        writer.WriteBytes(znode.DataLength < 0 ? default : new JuteBytes(tree.DataOf(node)));
        writer.WriteLong(AclTable.KeyOf(znode.Acl));
        writer.Write(tree.PersistedStatOf(node));
    }
}
