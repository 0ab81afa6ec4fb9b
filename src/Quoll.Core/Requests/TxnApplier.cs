using System.Runtime.CompilerServices;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>What one operation of a transaction came to. The path is a range of the transaction's bytes.</summary>
internal readonly record struct TxnResult(OpCode Type, ErrorCode Error, int PathOffset, int PathLength, Stat Stat);

/// <summary>
/// Applies committed transactions to the database, live or from the log, and fires the watches. It makes no checks: replaying a
/// transaction that the state already contains changes nothing but what must be raised.
/// </summary>
internal sealed class TxnApplier(Database database, WatchManager watches)
{
    private const int DigestLength = 12;
    private readonly DataTree _tree = database.Tree;
    private TxnHeader _header;
    private Stat _stat;

    /// <summary>Results of the last transaction: one, or one for each operation of a multi.</summary>
    public List<TxnResult> Results { get; } = [];

    public ErrorCode Error { get; private set; }

    /// <summary>The header of the last transaction.</summary>
    public ref readonly TxnHeader Header => ref _header;

    /// <summary>Applies a transaction as it stands in the log; false if its digest differs from what we have now.</summary>
    public bool Apply(ReadOnlySpan<byte> txn)
    {
        Results.Clear();
        Error = ErrorCode.Ok;
        var reader = new JuteReader(txn);
        _header = TxnHeader.Read(ref reader);
        var type = (OpCode)_header.Type;
        if (type == OpCode.Multi)
            ApplyMulti(ref reader, txn);
        else
            ApplyOne(type, ref reader, txn);
        Invariant.Holds(!reader.Malformed);

        // Only now: a snapshot or a reply must never take part of a transaction for the whole.
        if (_header.Zxid > database.LastProcessed.Value)
            database.LastProcessed = new Zxid(_header.Zxid);
        return database.CheckDigest(ref reader);
    }

    private void ApplyMulti(ref JuteReader reader, ReadOnlySpan<byte> txn)
    {
        var parts = MultiTxn.Read(ref reader).Txns;
        var failed = false;
        foreach (var part in parts)
            failed |= part.Type == (int)OpCode.Error;
        var afterFailure = false;
        foreach (var part in parts)
        {
            var type = (OpCode)part.Type;
            var body = new JuteReader(part.Body.Span);
            if (!failed)
            {
                ApplyOne(type, ref body, txn);
            }
            else if (type == OpCode.Error)
            {
                afterFailure = true;
                ApplyOne(type, ref body, txn);
            }
            else
            {
                Add(OpCode.Error, afterFailure ? ErrorCode.RuntimeInconsistency : ErrorCode.Ok, default, txn);
            }

            Invariant.Holds(!body.Malformed);
        }
    }

    private void ApplyOne(OpCode type, ref JuteReader reader, ReadOnlySpan<byte> txn)
    {
        switch (type)
        {
            case OpCode.Create or OpCode.Create2:
                ApplyCreate(type, ReadCreate(ref reader), txn);
                break;
            case OpCode.CreateContainer:
                ApplyCreate(type, ReadCreateContainer(ref reader), txn);
                break;
            case OpCode.CreateTtl:
                ApplyCreate(type, ReadCreateTtl(ref reader), txn);
                break;
            case OpCode.Delete or OpCode.DeleteContainer:
                ApplyDelete(type, ref reader, txn);
                break;
            case OpCode.SetData or OpCode.Reconfig:
                ApplySetData(type, ref reader, txn);
                break;
            case OpCode.SetAcl:
                ApplySetAcl(type, ref reader, txn);
                break;
            case OpCode.Check:
                Add(type, ErrorCode.Ok, CheckVersionTxn.Read(ref reader).Path.Span, txn);
                break;
            case OpCode.CreateSession:
                database.Sessions[_header.ClientId] = CreateSessionTxn.Read(ref reader).Timeout;
                Add(type, ErrorCode.Ok, default, txn);
                break;
            case OpCode.CloseSession:
                CloseSession(ReadPaths(ref reader));
                Add(type, ErrorCode.Ok, default, txn);
                break;
            case OpCode.Error:
                Add(type, (ErrorCode)ErrorTxn.Read(ref reader).Error, default, txn);
                break;
            default:
                throw new InvariantViolationException($"the transaction 0x{_header.Zxid:x} has the type {(int)type}, which has no meaning");
        }
    }

    private void Add(OpCode type, ErrorCode error, ReadOnlySpan<byte> path, ReadOnlySpan<byte> txn)
    {
        if (Error == ErrorCode.Ok)
            Error = error;
        var offset = 0;
        if (!path.IsEmpty)
            txn.Overlaps(path, out offset);
        Results.Add(new TxnResult(type, error, offset, path.Length, _stat));
        _stat = default;
    }

    // Logs of 3.4 and older do not tell the parent's counter.
    private NewZnode ReadCreate(scoped ref JuteReader reader)
    {
        var start = reader;
        var txn = CreateTxn.Read(ref reader);
        var parentCVersion = txn.ParentCVersion;
        if (reader.Malformed)
        {
            reader = start;
            var old = CreateTxnV0.Read(ref reader);
            txn = new CreateTxn(old.Path, old.Data, old.Acl, old.Ephemeral, -1);
            parentCVersion = -1;
        }

        return new NewZnode(txn.Path, txn.Data, txn.Acl, txn.Ephemeral ? _header.ClientId : 0, parentCVersion);
    }

    // Servers may be told to log no list; what follows the header is then a digest, or nothing.
    private static JuteVector<JuteBytes> ReadPaths(scoped ref JuteReader reader)
    {
        var start = reader;
        var isDigest = reader.Rest.Length == DigestLength && reader.ReadInt() == TreeDigest.Version;
        reader = start;
        return reader.AtEnd || isDigest ? default : CloseSessionTxn.Read(ref reader).PathsToDelete;
    }

    private static NewZnode ReadCreateContainer(scoped ref JuteReader reader)
    {
        var txn = CreateContainerTxn.Read(ref reader);
        return new NewZnode(txn.Path, txn.Data, txn.Acl, EphemeralOwner.Container, txn.ParentCVersion);
    }

    private static NewZnode ReadCreateTtl(scoped ref JuteReader reader)
    {
        var txn = CreateTtlTxn.Read(ref reader);
        return new NewZnode(txn.Path, txn.Data, txn.Acl, EphemeralOwner.OfTtl(txn.Ttl), txn.ParentCVersion);
    }

    // Each kind in a method of its own, not inlined: their locals, zeroed on every call, would add up in one large frame.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyCreate(OpCode type, NewZnode created, ReadOnlySpan<byte> txn) =>
        Add(type, Create(created), created.Path.Span, txn);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyDelete(OpCode type, ref JuteReader reader, ReadOnlySpan<byte> txn)
    {
        var path = DeleteTxn.Read(ref reader).Path.Span;
        Add(type, Delete(path), path, txn);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplySetData(OpCode type, ref JuteReader reader, ReadOnlySpan<byte> txn)
    {
        var set = SetDataTxn.Read(ref reader);
        Add(type, SetData(set), set.Path.Span, txn);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplySetAcl(OpCode type, ref JuteReader reader, ReadOnlySpan<byte> txn)
    {
        var set = SetAclTxn.Read(ref reader);
        Add(type, SetAcl(set), set.Path.Span, txn);
    }

    private ErrorCode Create(NewZnode created)
    {
        var path = created.Path.Span;
        Invariant.Holds(DataTree.IsPlace(path));
        var parentPath = ZnodePath.Parent(path);
        var parent = _tree.Find(parentPath);
        if (parent == 0)
            return ErrorCode.NoNode;
        var acl = _tree.Acls.Intern(created.Acl);
        if (_tree.Child(parent, ZnodePath.Name(path)) is > 0 and var existing)
        {
            // Only in a replay: the state is ahead of this transaction.
            _tree.ReplaceAcl(existing, acl);
            RaiseParent(parent, parentPath, created.ParentCVersion);
            return ErrorCode.NodeExists;
        }

        RaiseParent(parent, parentPath, created.ParentCVersion);
        var time = _header.Time;
        var stat = new StatPersisted(_header.Zxid, _header.Zxid, time, time, 0, 0, 0, created.Owner, _header.Zxid);
        var node = _tree.Add(parent, path, created.Data.Span, created.Data.IsNull, acl, stat);
        _stat = _tree.StatOf(node);
        database.Quotas.OnCreated(path, created.Data.Length);
        watches.Trigger(path, EventType.NodeCreated, _header.Zxid, acl);
        watches.TriggerChildren(parentPath, _header.Zxid, _tree[parent].Acl);
        return ErrorCode.Ok;
    }

    private void RaiseParent(int parent, ReadOnlySpan<byte> parentPath, int cversion)
    {
        var current = _tree.PersistedStatOf(parent).Cversion;
        if (cversion == -1)
            cversion = current + 1;
        if (cversion > current)
            _tree.SetChildStat(parent, parentPath, cversion, _header.Zxid);
    }

    private ErrorCode Delete(ReadOnlySpan<byte> path)
    {
        var parentPath = ZnodePath.Parent(path);
        var parent = DataTree.IsPlace(path) ? _tree.Find(parentPath) : 0;
        if (parent == 0)
            return ErrorCode.NoNode;
        var stat = _tree.PersistedStatOf(parent);
        if (_header.Zxid > stat.Pzxid)
            _tree.SetChildStat(parent, parentPath, stat.Cversion, _header.Zxid);
        var node = _tree.Child(parent, ZnodePath.Name(path));
        if (node == 0)
            return ErrorCode.NoNode;

        // Only in a replay over a fuzzy snapshot: children that are created later in the log.
        while (_tree.ChildCountOf(node) > 0)
            Delete(_tree.PathOf(_tree.LeafBelow(node)).ToArray());
        var acl = _tree[node].Acl;
        var length = Math.Max(_tree[node].DataLength, 0);
        _tree.Acls.AddReference(acl);
        _tree.Remove(node, path);
        database.Quotas.OnDeleted(path, length);
        watches.TriggerDeleted(path, _header.Zxid, acl);
        watches.TriggerChildren(parentPath, _header.Zxid, _tree[parent].Acl);
        _tree.Acls.Release(acl);
        return ErrorCode.Ok;
    }

    private ErrorCode SetData(SetDataTxn txn)
    {
        var path = txn.Path.Span;
        var node = _tree.Find(path);
        if (node == 0)
            return ErrorCode.NoNode;
        var before = Math.Max(_tree[node].DataLength, 0);
        _tree.SetData(node, RootAsEmpty(path), txn.Data.Span, txn.Data.IsNull, txn.Version, _header.Zxid, _header.Time);
        _stat = _tree.StatOf(node);
        database.Quotas.OnDataChanged(path, txn.Data.Length - before);
        watches.Trigger(path, EventType.NodeDataChanged, _header.Zxid, _tree[node].Acl);
        return ErrorCode.Ok;
    }

    private ErrorCode SetAcl(SetAclTxn txn)
    {
        var node = _tree.Find(txn.Path.Span);
        if (node == 0)
            return ErrorCode.NoNode;
        _tree.SetAcl(node, RootAsEmpty(txn.Path.Span), _tree.Acls.Intern(txn.Acl), txn.Version);
        _stat = _tree.StatOf(node);
        return ErrorCode.Ok;
    }

    // In digests and snapshots the root's path is the empty string.
    private static ReadOnlySpan<byte> RootAsEmpty(ReadOnlySpan<byte> path) => path.Length == 1 ? default : path;

    private void CloseSession(JuteVector<JuteBytes> pathsToDelete)
    {
        foreach (var path in pathsToDelete)
            Delete(path.Span);
        while (_tree.Owned.FirstEphemeral(_header.ClientId) is > 0 and var node)
            Delete(_tree.PathOf(node).ToArray());
        database.Sessions.Remove(_header.ClientId);
    }

    /// <summary>What all kinds of create transactions tell of the new znode.</summary>
    private readonly ref struct NewZnode(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, long owner, int parentCVersion)
    {
        public JuteBytes Path { get; } = path;
        public JuteBytes Data { get; } = data;
        public JuteVector<Acl> Acl { get; } = acl;
        public long Owner { get; } = owner;
        public int ParentCVersion { get; } = parentCVersion;
    }
}
