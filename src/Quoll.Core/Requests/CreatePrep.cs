using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Quoll.Core.Access;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>Prepares the four kinds of create: the part of <see cref="Prep"/> with the most rules.</summary>
internal sealed class CreatePrep(Database database, AccessControl access, PendingChanges pending, List<Notice> notices)
{
    private const int DigestLength = 12;
    private readonly PeerOptions _options = database.Options;
    private readonly AclTable _acls = database.Tree.Acls;
    private readonly List<int> _held = [];
    private byte[] _path = new byte[256];

    public ErrorCode Prepare(OpCode op, ref JuteReader reader, in WriteContext context, LaneBuffer txn)
    {
        var request = Read(op, ref reader);
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        var error = CheckMode(op, request.Flags, request.Ttl);
        if (error != ErrorCode.Ok)
            return error;
        if (request.Path.IsNull)
            return ErrorCode.MarshallingError;
        var mode = (CreateMode)request.Flags;
        if (!request.Path.Span.Contains((byte)'/') || request.Path.Span.Contains((byte)0))
            return ErrorCode.BadArguments;
        error = Fixup(request.Acl, context.Identities, out var acl);
        if (error != ErrorCode.Ok)
            return error;
        var parentPath = ZnodePath.Parent(request.Path.Span);
        if (!pending.TryGet(parentPath, out var parent))
            return ErrorCode.NoNode;
        if (!access.Allows(_acls[parent.Acl], Permissions.Create, context.Identities))
            return ErrorCode.NoAuth;

        // The suffix comes before the path is looked at: "/x/" with a sequence is "/x/0000000000".
        var path = IsSequential(mode) ? WithSequence(request.Path.Span, parent.Stat.Cversion) : request.Path.Span;
        if (!ZnodePath.IsValid(path))
            return ErrorCode.BadArguments;
        if (pending.TryGet(path, out _))
            return ErrorCode.NodeExists;
        if (_options.OwnerTypes.KindOf(parent.Stat.EphemeralOwner) == OwnerKind.Session)
            return ErrorCode.NoChildrenForEphemerals;
        error = CheckQuota(path, request.Data.Length, 1);
        if (error != ErrorCode.Ok)
            return error;

        WriteTxn(op, new JuteBytes(path), request, acl, unchecked(parent.Stat.Cversion + 1), txn);
        if (txn.Length + DigestLength > _options.MaxTxn)
            return ErrorCode.MarshallingError;

        parent.Stat = parent.Stat with { Cversion = unchecked(parent.Stat.Cversion + 1), Pzxid = context.Zxid };
        parent.ChildCount++;
        pending.Put(ZnodePath.Parent(path), context.Zxid, parent);
        pending.Put(path, context.Zxid, NewZnode(mode, path, request, acl, context));
        return ErrorCode.Ok;
    }

    /// <summary>The number of the list as it is to be stored. The list is held until <see cref="ReleaseLists"/>.</summary>
    public ErrorCode Fixup(JuteVector<Acl> vector, Identity[] identities, out int id)
    {
        // Nearly every znode is open to all.
        if (_acls.TryFind(vector.Encoded, out id) && id == AclTable.OpenToAll)
            return ErrorCode.Ok;
        var error = access.Fixup(AclList.Decode(vector), identities, out var entries);
        id = error == ErrorCode.Ok ? _acls.Intern(entries) : 0;
        _acls.AddReference(id);
        _held.Add(id);
        return error;
    }

    /// <summary>Ends a request: of the lists it named, those that nothing came to have are forgotten.</summary>
    public void ReleaseLists()
    {
        foreach (var id in _held)
            _acls.Release(id);
        _held.Clear();
    }

    public ErrorCode CheckQuota(ReadOnlySpan<byte> path, long bytes, long count)
    {
        if (!_options.EnforceQuota)
            return ErrorCode.Ok;
        var error = database.Quotas.Check(path, bytes, count, out var exceeded);
        if (exceeded is not null)
            notices.Add(new Notice(NoticeKind.QuotaExceeded, 0, 0, exceeded));
        return error;
    }

    private static CreateTtlRequest Read(OpCode op, scoped ref JuteReader reader)
    {
        if (op == OpCode.CreateTtl)
            return CreateTtlRequest.Read(ref reader);
        var request = CreateRequest.Read(ref reader);
        return new CreateTtlRequest(request.Path, request.Data, request.Acl, request.Flags, -1);
    }

    // An operation and flags that contradict each other make Apache's server misbehave, down to a crash: they are refused here.
    private ErrorCode CheckMode(OpCode op, int flags, long ttl)
    {
        if (flags is < 0 or > (int)CreateMode.PersistentSequentialTtl)
            return ErrorCode.BadArguments;
        var mode = (CreateMode)flags;
        if (IsTtl(mode) && !_options.ExtendedTypesEnabled)
            return ErrorCode.Unimplemented;
        if (IsTtl(mode) ? ttl is <= 0 or > EphemeralOwner.LargestTtl : ttl >= 0)
            return ErrorCode.BadArguments;
        var fits = op switch
        {
            OpCode.CreateContainer => mode == CreateMode.Container,
            OpCode.CreateTtl => IsTtl(mode),
            _ => mode != CreateMode.Container && !IsTtl(mode),
        };
        return fits ? ErrorCode.Ok : ErrorCode.BadArguments;
    }

    private static bool IsTtl(CreateMode mode) => mode is CreateMode.PersistentTtl or CreateMode.PersistentSequentialTtl;

    private static bool IsSequential(CreateMode mode) =>
        mode is CreateMode.PersistentSequential or CreateMode.EphemeralSequential or CreateMode.PersistentSequentialTtl;

    private static bool IsEphemeral(CreateMode mode) => mode is CreateMode.Ephemeral or CreateMode.EphemeralSequential;

    /// <summary>The path with the parent's counter, ten digits wide; a negative one with its sign, as Java prints it.</summary>
    private ReadOnlySpan<byte> WithSequence(ReadOnlySpan<byte> path, int counter)
    {
        if (_path.Length < path.Length + 12)
            _path = new byte[path.Length + 256];
        path.CopyTo(_path);
        if (counter < 0)
        {
            var text = counter.ToString("D9", CultureInfo.InvariantCulture);
            return _path.AsSpan(0, path.Length + Encoding.ASCII.GetBytes(text, _path.AsSpan(path.Length)));
        }

        Utf8Formatter.TryFormat(counter, _path.AsSpan(path.Length), out var digits, new System.Buffers.StandardFormat('D', 10));
        return _path.AsSpan(0, path.Length + digits);
    }

    private ZnodeView NewZnode(CreateMode mode, ReadOnlySpan<byte> path, CreateTtlRequest request, int acl, in WriteContext context)
    {
        var owner = IsEphemeral(mode) ? context.SessionId
            : mode == CreateMode.Container ? EphemeralOwner.Container
            : IsTtl(mode) ? EphemeralOwner.OfTtl(request.Ttl) : 0;
        return new ZnodeView
        {
            Exists = true,
            Stat = new StatPersisted(context.Zxid, context.Zxid, context.Time, context.Time, 0, 0, 0, owner, context.Zxid),
            Acl = acl,
            DataLength = request.Data.Length,
            ContentCrc = _options.DigestEnabled ? TreeDigest.Content(path, request.Data.Span) : 0,
        };
    }

    private void WriteTxn(OpCode op, JuteBytes path, CreateTtlRequest request, int acl, int parentCVersion, LaneBuffer txn)
    {
        var writer = new JuteWriter(txn);
        var list = _acls[acl].Vector;
        if (op == OpCode.CreateContainer)
            writer.Write(new CreateContainerTxn(path, request.Data, list, parentCVersion));
        else if (op == OpCode.CreateTtl)
            writer.Write(new CreateTtlTxn(path, request.Data, list, parentCVersion, request.Ttl));
        else
            writer.Write(new CreateTxn(path, request.Data, list, IsEphemeral((CreateMode)request.Flags), parentCVersion));
        writer.Commit();
    }
}
