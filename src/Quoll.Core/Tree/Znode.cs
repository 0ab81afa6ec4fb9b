namespace Quoll.Core.Tree;

/// <summary>
/// A znode's fixed part, 88 bytes. What most znodes do not have (children, an owner, changed ACLs) stands in a <see cref="Branch"/>.
/// Numbers refer to entries of the tree's tables; 0 is "none".
/// </summary>
internal struct Znode
{
    public long Czxid;
    public long Mzxid;
    public long Ctime;
    public long Mtime;
    public int Version;
    public int Acl;
    public int Parent;
    public int NextSibling;
    public int PreviousSibling;
    public int HashNext;
    public uint Hash;           // of the parent and the name: moving an entry of the index must not touch its name
    public int Branch;
    public SlabRef Blob;        // the name, then the data
    public int DataLength;      // -1: null, which a reader can tell from empty
    public uint ContentCrc;     // CRC-32 over path and data: what the digest of the znode begins with
    private int _nameLength;    // bit 31: the snapshot mark

    private const int MarkBit = int.MinValue;

    public int NameLength
    {
        readonly get => _nameLength & ~MarkBit;
        set => _nameLength = value | (_nameLength & MarkBit);
    }

    /// <summary>Equal to the cursor's current mark once a running snapshot has (or need not have) this znode.</summary>
    public bool SnapshotMark
    {
        readonly get => (_nameLength & MarkBit) != 0;
        set => _nameLength = value ? _nameLength | MarkBit : _nameLength & ~MarkBit;
    }
}

/// <summary>What a znode needs once it has or had children, an owner or a changed ACL.</summary>
internal struct Branch
{
    public long Pzxid;
    public long EphemeralOwner;
    public int Cversion;        // children ever created
    public int Aversion;
    public int FirstChild;
    public int ChildCount;
    public int NextOwned;       // the znodes of one owner
    public int PreviousOwned;
}
