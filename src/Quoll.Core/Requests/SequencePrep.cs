using System.Globalization;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>
/// Raises the number that the next sequential child of a znode gets, for tests of high numbers: a child is made with the number before, and
/// deleted, in one transaction. Any server can apply it, and read it from its log.
/// </summary>
internal sealed class SequencePrep(Database database, PendingChanges pending)
{
    private readonly LaneBuffer _txn = new();

    /// <summary>Prepares it, unless it can't be; the bytes are valid until the next call.</summary>
    public ErrorCode Prepare(string parent, int next, in WriteContext context, out ReadOnlySpan<byte> txn)
    {
        txn = default;
        var parentPath = Encoding.UTF8.GetBytes(parent);
        if (!ZnodePath.IsValid(parentPath) || !pending.TryGet(parentPath, out var view))
            return ErrorCode.NoNode;
        if (database.Options.OwnerTypes.KindOf(view.Stat.EphemeralOwner) == OwnerKind.Session)
            return ErrorCode.NoChildrenForEphemerals;
        if (next <= view.Stat.Cversion)
            return next == view.Stat.Cversion ? ErrorCode.Ok : ErrorCode.BadVersion;
        var child = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{parent.TrimEnd('/')}/sequence-{context.Zxid:x}"));
        if (pending.TryGet(child, out _))
            return ErrorCode.NodeExists;
        view.Stat = view.Stat with { Cversion = next, Pzxid = context.Zxid };
        pending.Put(parentPath, context.Zxid, view);
        Write(child, next, context);
        txn = _txn.Written;
        return ErrorCode.Ok;
    }

    private void Write(ReadOnlySpan<byte> child, int next, in WriteContext context)
    {
        _txn.Clear();
        var writer = new JuteWriter(_txn);
        writer.Write(new TxnHeader(context.SessionId, context.Cxid, context.Zxid, context.Time, (int)OpCode.Multi));
        writer.WriteInt(2);
        writer.Commit();
        var acl = database.Tree.Acls[AclTable.OpenToAll].Vector;
        WritePart(OpCode.Create, new CreateTxn(new JuteBytes(child), default, acl, false, next));
        WritePart(OpCode.Delete, new DeleteTxn(new JuteBytes(child)));
        if (!database.Options.DigestEnabled)
            return;
        writer = new JuteWriter(_txn);
        writer.Write(new TxnDigest(TreeDigest.Version, (long)pending.Digest));
        writer.Commit();
    }

    private void WritePart<T>(OpCode op, T body)
        where T : IJuteRecord<T>, allows ref struct
    {
        var writer = new JuteWriter(_txn);
        var start = _txn.Length;
        writer.WriteInt((int)op);
        writer.WriteInt(0);
        writer.Write(body);
        writer.Commit();
        _txn.Patch(start + 4, _txn.Length - start - 8);
    }
}
