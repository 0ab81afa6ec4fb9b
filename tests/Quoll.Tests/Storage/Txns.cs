using System.Buffers;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Storage;

/// <summary>Transactions as a log has them, without a digest: each made at 1000 ms times its zxid.</summary>
internal static class Txns
{
    public static readonly AclEntry[] Open = [new(Permissions.All, "world", "anyone")];

    public delegate void Body(ref JuteWriter writer);

    public static byte[] Of(long zxid, OpCode type, Body body, long session = 0)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.Write(new TxnHeader(session, 0, zxid, zxid * 1000, (int)type));
        body(ref writer);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Create(long zxid, string path, int parentCVersion, AclEntry[]? acl = null, long owner = 0) =>
        Of(zxid, OpCode.Create, (ref writer) => CreateBody(ref writer, path, parentCVersion, acl ?? Open, owner != 0), owner);

    /// <summary>A create in the form of 3.4 and older.</summary>
    public static byte[] CreateV0(long zxid, string path) => Of(zxid, OpCode.Create, (ref writer) =>
        writer.Write(new CreateTxnV0(Bytes(path), Bytes("old"), new AclList(Open).Vector, false)));

    public static byte[] Create2(long zxid, string path, int parentCVersion) =>
        Of(zxid, OpCode.Create2, (ref writer) => CreateBody(ref writer, path, parentCVersion, Open, ephemeral: false));

    public static byte[] CreateContainer(long zxid, string path, int parentCVersion) => Of(zxid, OpCode.CreateContainer, (ref writer) =>
        writer.Write(new CreateContainerTxn(Bytes(path), Bytes("c"), new AclList(Open).Vector, parentCVersion)));

    public static byte[] CreateTtl(long zxid, string path, int parentCVersion) => Of(zxid, OpCode.CreateTtl, (ref writer) =>
        writer.Write(new CreateTtlTxn(Bytes(path), Bytes("t"), new AclList(Open).Vector, parentCVersion, 5000)));

    public static byte[] Delete(long zxid, string path) =>
        Of(zxid, OpCode.Delete, (ref writer) => writer.Write(new DeleteTxn(Bytes(path))));

    public static byte[] SetData(long zxid, string path, string data, int version) =>
        Of(zxid, OpCode.SetData, (ref writer) => writer.Write(new SetDataTxn(Bytes(path), Bytes(data), version)));

    public static byte[] SetAcl(long zxid, string path, AclEntry[] acl, int version) =>
        Of(zxid, OpCode.SetAcl, (ref writer) => writer.Write(new SetAclTxn(Bytes(path), new AclList(acl).Vector, version)));

    public static byte[] Check(long zxid, string path, int version) =>
        Of(zxid, OpCode.Check, (ref writer) => writer.Write(new CheckVersionTxn(Bytes(path), version)));

    public static byte[] Error(long zxid, ErrorCode error) =>
        Of(zxid, OpCode.Error, (ref writer) => writer.Write(new ErrorTxn((int)error)));

    public static byte[] CreateSession(long zxid, long session, int timeout = 10_000) =>
        Of(zxid, OpCode.CreateSession, (ref writer) => writer.Write(new CreateSessionTxn(timeout)), session);

    public static byte[] CloseSession(long zxid, long session, params string[] paths) => Of(zxid, OpCode.CloseSession, (ref writer) =>
    {
        writer.WriteInt(paths.Length);
        foreach (var path in paths)
            writer.WriteBytes(Bytes(path));
    }, session);

    /// <summary>A multi of other transactions, whose headers but for the type are dropped.</summary>
    public static byte[] Multi(long zxid, params byte[][] parts) => Of(zxid, OpCode.Multi, (ref writer) =>
    {
        writer.WriteInt(parts.Length);
        foreach (var part in parts)
        {
            writer.WriteRaw(part.AsSpan(28, 4));
            writer.WriteBytes(part.AsSpan(32));
        }
    });

    public static byte[] WithDigest(byte[] txn, ulong digest, int version = TreeDigest.Version)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        writer.WriteRaw(txn);
        writer.Write(new TxnDigest(version, (long)digest));
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }

    public static Zxid ZxidOf(byte[] txn)
    {
        var reader = new JuteReader(txn);
        return new Zxid(TxnHeader.Read(ref reader).Zxid);
    }

    private static void CreateBody(ref JuteWriter writer, string path, int parentCVersion, AclEntry[] acl, bool ephemeral) =>
        writer.Write(new CreateTxn(Bytes(path), Bytes("data"), new AclList(acl).Vector, ephemeral, parentCVersion));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
