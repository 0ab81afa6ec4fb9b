using Quoll.Core.Access;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>Who asks for a change, and the number and time that it will have.</summary>
internal readonly record struct WriteContext(long SessionId, int Cxid, Identity[] Identities, long Zxid, long Time);

/// <summary>
/// Turns a request into a transaction that can be applied anywhere without a check: it checks against the tree as it will be, in
/// Apache's order (<c>PrepRequestProcessor</c>), and writes absolute values. A refused request becomes an error transaction, which
/// takes its zxid and its place all the same.
/// </summary>
internal sealed class Prep(Database database, AccessControl access, PendingChanges pending, List<Notice> notices)
{
    private const int HeaderTypeOffset = 28;
    private const int DigestLength = 12;
    private readonly PeerOptions _options = database.Options;
    private readonly LaneBuffer _txn = new();
    private readonly CreatePrep _create = new(database, access, pending, notices);
    private WriteContext _context;

    /// <summary>Prepares one request; the bytes are valid until the next call.</summary>
    public ReadOnlySpan<byte> Prepare(OpCode op, ReadOnlySpan<byte> body, in WriteContext context, out ErrorCode error)
    {
        Begin(op, context);
        if (op == OpCode.Multi)
        {
            error = PrepareMulti(body);
        }
        else
        {
            var reader = new JuteReader(body);
            error = PrepareOne(op, ref reader);
        }

        if (error != ErrorCode.Ok)
            WriteError(error);
        else
            WriteDigest();
        _create.ReleaseLists();
        return _txn.Written;
    }

    public ReadOnlySpan<byte> PrepareCreateSession(int timeout, in WriteContext context)
    {
        Begin(OpCode.CreateSession, context);
        Write(new CreateSessionTxn(timeout));
        WriteDigest();
        return _txn.Written;
    }

    /// <summary>The end of a session and of its ephemerals: those in the tree and those on their way.</summary>
    public ReadOnlySpan<byte> PrepareCloseSession(in WriteContext context)
    {
        Begin(OpCode.CloseSession, context);
        var paths = EphemeralsOf(context.SessionId);
        if (_options.CloseSessionTxnEnabled)
            WritePaths(paths);
        foreach (var path in paths)
            RecordDelete(path);
        WriteDigest();
        return _txn.Written;
    }

    /// <summary>A request that is refused before anything of it is looked at.</summary>
    public ReadOnlySpan<byte> PrepareError(ErrorCode error, in WriteContext context)
    {
        Begin(OpCode.Error, context);
        WriteError(error);
        return _txn.Written;
    }

    // As many as a transaction can hold: whoever applies it removes what else the session has.
    private void WritePaths(List<byte[]> paths)
    {
        var countAt = _txn.Length;
        var count = 0;
        var writer = new JuteWriter(_txn);
        writer.WriteInt(0);
        foreach (var path in paths)
        {
            if (countAt + writer.Written + 4 + path.Length + DigestLength > _options.MaxTxn)
                break;
            writer.WriteBytes(path);
            count++;
        }

        writer.Commit();
        _txn.Patch(countAt, count);
    }

    private void Begin(OpCode op, in WriteContext context)
    {
        _context = context;
        _txn.Clear();
        Write(new TxnHeader(context.SessionId, context.Cxid, context.Zxid, context.Time, (int)op));
    }

    private void WriteError(ErrorCode error)
    {
        _txn.TruncateTo(HeaderTypeOffset + 4);
        _txn.Patch(HeaderTypeOffset, (int)OpCode.Error);
        Write(new ErrorTxn((int)error));
    }

    private void WriteDigest()
    {
        if (_options.DigestEnabled)
            Write(new TxnDigest(TreeDigest.Version, (long)pending.Digest));
    }

    private void Write<T>(in T record)
        where T : IJuteRecord<T>, allows ref struct
    {
        var writer = new JuteWriter(_txn);
        writer.Write(record);
        writer.Commit();
    }

    private ErrorCode PrepareMulti(ReadOnlySpan<byte> body)
    {
        if (!MultiRequest.TryCheck(body, out var count))
            return ErrorCode.MarshallingError;
        var writer = new JuteWriter(_txn);
        writer.WriteInt(count);
        writer.Commit();
        pending.BeginMulti();
        var failure = ErrorCode.Ok;
        var reader = new JuteReader(body);
        for (var header = MultiHeader.Read(ref reader); !header.Done; header = MultiHeader.Read(ref reader))
        {
            // What comes after a failure is read past, for its place in the list.
            var op = MultiRequest.EffectiveOp((OpCode)header.Type, reader);
            var rest = reader;
            MultiRequest.Skip((OpCode)header.Type, ref rest);

            // Servers before 3.8.2 do not know a create2 as a part: they would leave the whole transaction out.
            var start = BeginPart(op == OpCode.Create2 ? OpCode.Create : op);
            var error = failure == ErrorCode.Ok ? PrepareOne(op, ref reader) : ErrorCode.RuntimeInconsistency;
            reader = rest;
            if (error != ErrorCode.Ok)
            {
                if (failure == ErrorCode.Ok)
                    pending.RollBackMulti();
                if (error == ErrorCode.MarshallingError)
                    return error;   // not an answer of one part: the whole request could not be read
                failure = error;
                _txn.TruncateTo(start);
                BeginPart(OpCode.Error);
                Write(new ErrorTxn((int)error));
            }

            _txn.Patch(start + 4, _txn.Length - start - 8);
        }

        if (failure == ErrorCode.Ok)
            pending.CommitMulti();
        return ErrorCode.Ok;
    }

    private int BeginPart(OpCode op)
    {
        var start = _txn.Length;
        var writer = new JuteWriter(_txn);
        writer.WriteInt((int)op);
        writer.WriteInt(0);
        writer.Commit();
        return start;
    }

    // A method records its changes only once every check has passed, the transaction's length among them.
    private ErrorCode PrepareOne(OpCode op, ref JuteReader reader) => op switch
    {
        OpCode.Create or OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl => _create.Prepare(op, ref reader, _context, _txn),
        OpCode.Delete => PrepareDelete(ref reader),
        OpCode.DeleteContainer => PrepareDeleteContainer(ref reader),
        OpCode.SetData => PrepareSetData(ref reader),
        OpCode.SetAcl => PrepareSetAcl(ref reader),
        OpCode.Check => PrepareCheck(ref reader),
        OpCode.Reconfig => PrepareReconfig(ref reader),
        _ => throw new InvariantViolationException($"{op} is not a change"),
    };

    private ErrorCode PrepareDelete(ref JuteReader reader)
    {
        var request = DeleteRequest.Read(ref reader);
        var path = request.Path.Span;
        if (reader.Malformed || request.Path.IsNull)
            return ErrorCode.MarshallingError;
        if (!MayBeDeleted(path))
            return ErrorCode.BadArguments;
        if (!pending.TryGet(ZnodePath.Parent(path), out var parent))
            return ErrorCode.NoNode;
        if (!Allows(parent.Acl, Permissions.Delete))
            return ErrorCode.NoAuth;
        if (!pending.TryGet(path, out var node))
            return ErrorCode.NoNode;
        if (request.Version != -1 && request.Version != node.Stat.Version)
            return ErrorCode.BadVersion;
        if (node.ChildCount > 0)
            return ErrorCode.NotEmpty;
        Write(new DeleteTxn(path));
        RecordDelete(path);
        return ErrorCode.Ok;
    }

    // Only the reaper asks for this; hence no session and no permission.
    private ErrorCode PrepareDeleteContainer(ref JuteReader reader)
    {
        var path = PathRequest.Read(ref reader).Path.Span;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        if (!pending.TryGet(path, out var node))
            return ErrorCode.NoNode;
        if (node.ChildCount > 0)
            return ErrorCode.NotEmpty;
        var kind = _options.OwnerTypes.KindOf(node.Stat.EphemeralOwner);
        if (kind is OwnerKind.Session or OwnerKind.Persistent)
            return ErrorCode.BadVersion;
        // What is there now may be another container than the reaper saw: a new one that was not used yet.
        if (kind == OwnerKind.Container && node.Stat.Cversion == 0 && !IsNeverUsed(node.Stat))
            return ErrorCode.BadVersion;
        // Data set since the reaper looked has given a TTL node a new life.
        if (kind == OwnerKind.Ttl && _context.Time - node.Stat.Mtime <= _options.OwnerTypes.TtlOf(node.Stat.EphemeralOwner))
            return ErrorCode.BadVersion;
        Write(new DeleteTxn(path));
        RecordDelete(path);
        return ErrorCode.Ok;
    }

    private bool IsNeverUsed(in StatPersisted stat) =>
        _options.ContainerMaxNeverUsed > 0 && _context.Time - stat.Mtime > _options.ContainerMaxNeverUsed;

    private ErrorCode PrepareSetData(ref JuteReader reader)
    {
        var request = SetDataRequest.Read(ref reader);
        var path = request.Path.Span;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        if (!ZnodePath.IsValid(path))
            return ErrorCode.BadArguments;
        if (!pending.TryGet(path, out var node))
            return ErrorCode.NoNode;
        if (!Allows(node.Acl, Permissions.Write))
            return ErrorCode.NoAuth;
        var quota = _create.CheckQuota(path, request.Data.Length - node.DataLength, 0);
        if (quota != ErrorCode.Ok)
            return quota;
        if (request.Version != -1 && request.Version != node.Stat.Version)
            return ErrorCode.BadVersion;
        var version = unchecked(node.Stat.Version + 1);
        Write(new SetDataTxn(path, request.Data, version));
        node.Stat = node.Stat with { Version = version, Mzxid = _context.Zxid, Mtime = _context.Time };
        node.DataLength = request.Data.Length;
        if (_options.DigestEnabled)
            node.ContentCrc = TreeDigest.Content(path.Length == 1 ? default : path, request.Data.Span);
        pending.Put(path, _context.Zxid, node);
        return ErrorCode.Ok;
    }

    private ErrorCode PrepareSetAcl(ref JuteReader reader)
    {
        var request = SetAclRequest.Read(ref reader);
        var path = request.Path.Span;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        if (!ZnodePath.IsValid(path))
            return ErrorCode.BadArguments;
        var fixup = _create.Fixup(request.Acl, _context.Identities, out var acl);
        if (fixup != ErrorCode.Ok)
            return fixup;
        if (!pending.TryGet(path, out var node))
            return ErrorCode.NoNode;
        if (!Allows(node.Acl, Permissions.Admin))
            return ErrorCode.NoAuth;
        if (request.Version != -1 && request.Version != node.Stat.Aversion)
            return ErrorCode.BadVersion;
        var version = unchecked(node.Stat.Aversion + 1);
        Write(new SetAclTxn(path, database.Tree.Acls[acl].Vector, version));
        if (_txn.Length + DigestLength > _options.MaxTxn)
            return ErrorCode.MarshallingError;
        node.Stat = node.Stat with { Aversion = version };
        node.Acl = acl;
        pending.Put(path, _context.Zxid, node);
        return ErrorCode.Ok;
    }

    private ErrorCode PrepareCheck(ref JuteReader reader)
    {
        var request = CheckVersionRequest.Read(ref reader);
        var path = request.Path.Span;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        if (!ZnodePath.IsValid(path))
            return ErrorCode.BadArguments;
        if (!pending.TryGet(path, out var node))
            return ErrorCode.NoNode;
        if (!Allows(node.Acl, Permissions.Read))
            return ErrorCode.NoAuth;
        if (request.Version != -1 && request.Version != node.Stat.Version)
            return ErrorCode.BadVersion;
        Write(new CheckVersionTxn(path, unchecked(node.Stat.Version + 1)));
        return ErrorCode.Ok;
    }

    // No ensemble is here to be changed. The request is read all the same: a broken one is answered as such.
    private static ErrorCode PrepareReconfig(ref JuteReader reader)
    {
        _ = ReconfigRequest.Read(ref reader);
        return reader.Malformed ? ErrorCode.MarshallingError : ErrorCode.ReconfigDisabled;
    }

    private void RecordDelete(ReadOnlySpan<byte> path)
    {
        var parentPath = ZnodePath.Parent(path);
        if (pending.TryGet(parentPath, out var parent))
        {
            parent.ChildCount--;
            parent.Stat = parent.Stat with { Pzxid = _context.Zxid };
            pending.Put(parentPath, _context.Zxid, parent);
        }

        pending.TryGet(path, out var node);
        node.Exists = false;
        pending.Put(path, _context.Zxid, node);
    }

    private List<byte[]> EphemeralsOf(long session)
    {
        var tree = database.Tree;
        var paths = new HashSet<byte[]>(new BytesComparer(_options.Seed));
        for (var node = tree.Owned.FirstEphemeral(session); node != 0; node = tree.BranchOf(node).NextOwned)
        {
            var path = tree.PathOf(node).ToArray();
            if (pending.TryGet(path, out var view) && view.Stat.EphemeralOwner == session)
                paths.Add(path);
        }

        foreach (var path in pending.CreatedFor(session))
            paths.Add(path);
        return [.. paths];
    }

    private static bool MayBeDeleted(ReadOnlySpan<byte> path) =>
        path.Contains((byte)'/') && !path.Contains((byte)0) && !path.SequenceEqual("/"u8) && !path.SequenceEqual("/zookeeper"u8)
        && !path.SequenceEqual("/zookeeper/quota"u8) && !path.SequenceEqual("/zookeeper/config"u8);

    private bool Allows(int acl, Permissions wanted) => access.Allows(database.Tree.Acls[acl], wanted, _context.Identities);
}
