using System.Buffers;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Fuzz.Targets;

/// <summary>Requests as frames, without their lengths: one of each kind at least.</summary>
internal static class Requests
{
    public delegate void Body(ref JuteWriter writer);

    private static readonly AclList Open = new([new AclEntry(Permissions.All, "world", "anyone")]);

    private static readonly AclList Guarded = new(
    [
        new AclEntry(Permissions.All, "digest", "bob:Y2Fz"), new AclEntry(Permissions.Read, "ip", "10.0.0.0/8"),
        new AclEntry(Permissions.All, "auth", ""),
    ]);

    public static byte[] Connect(long session = 0, byte[]? password = null) => Bytes((ref writer) =>
    {
        writer.Write(new ConnectRequest(0, 0, 10_000, session, password ?? new byte[16]));
        writer.WriteBool(false);
    });

    public static byte[] Of(int xid, OpCode op, Body body) => Bytes((ref writer) =>
    {
        writer.Write(new RequestHeader(xid, (int)op));
        body(ref writer);
    });

    public static byte[] Create(int xid, string path, string? data = "data", CreateMode mode = CreateMode.Persistent) =>
        Of(xid, OpCode.Create, (ref writer) => writer.Write(CreateBody(path, data, mode)));

    public static byte[] GetData(int xid, string path, bool watch = false) =>
        Of(xid, OpCode.GetData, (ref writer) => writer.Write(new ReadRequest(Text(path), watch)));

    public static IEnumerable<byte[]> Changes() =>
    [
        Create(1, "/a"), Create(2, "/a/b", null), Create(3, "/a/s-", "", CreateMode.PersistentSequential),
        Create(4, "/e", "mine", CreateMode.Ephemeral), Create(5, "/e-", "", CreateMode.EphemeralSequential),
        Of(6, OpCode.Create2, static (ref writer) => writer.Write(CreateBody("/two", "2", CreateMode.Persistent))),
        Of(7, OpCode.CreateContainer, static (ref writer) => writer.Write(CreateBody("/box", "", CreateMode.Container))),
        Of(8, OpCode.CreateTtl, static (ref writer) =>
            writer.Write(new CreateTtlRequest(Text("/ttl"), Text("t"), Open.Vector, (int)CreateMode.PersistentTtl, 5000))),
        Of(9, OpCode.Create, static (ref writer) => writer.Write(new CreateRequest(Text("/guarded"), Text("g"), Guarded.Vector, 0))),
        Of(10, OpCode.SetData, static (ref writer) => writer.Write(new SetDataRequest(Text("/a"), Text("new"), -1))),
        Of(11, OpCode.SetAcl, static (ref writer) => writer.Write(new SetAclRequest(Text("/a/b"), Guarded.Vector, 0))),
        Of(12, OpCode.Delete, static (ref writer) => writer.Write(new DeleteRequest(Text("/two"), 0))),
        Create(13, "/zookeeper/quota/a", ""), Create(14, "/zookeeper/quota/a/zookeeper_limits", "count=5,bytes=100=;byteHardLimit=200"),
        Create(15, "/zookeeper/quota/a/zookeeper_stats", "count=0,bytes=0"), Create(16, "/a/counted", "12345"),
        Of(17, OpCode.Multi, static (ref writer) => Multi(ref writer, good: true)),
        Of(18, OpCode.Multi, static (ref writer) => Multi(ref writer, good: false)),
        Of(19, OpCode.Reconfig, static (ref writer) => writer.WriteRaw(new byte[20])),
    ];

    public static IEnumerable<byte[]> Questions() =>
    [
        GetData(30, "/a", watch: true), Read(31, OpCode.Exists, "/gone"), Read(32, OpCode.GetChildren, "/"),
        Read(33, OpCode.GetChildren2, "/a"),
        Path(34, OpCode.GetAcl, "/guarded"), Path(35, OpCode.Sync, "/"), Path(36, OpCode.GetEphemerals, "/"),
        Path(37, OpCode.GetAllChildrenNumber, "/"), Of(-2, OpCode.Ping, static (ref _) => { }),
        Of(38, OpCode.WhoAmI, static (ref _) => { }),
        Of(39, OpCode.AddWatch, static (ref writer) => writer.Write(new AddWatchRequest(Text("/a"), 1))),
        Of(40, OpCode.CheckWatches, static (ref writer) => writer.Write(new WatchesRequest(Text("/a"), (int)WatcherType.Data))),
        Of(41, OpCode.RemoveWatches, static (ref writer) => writer.Write(new WatchesRequest(Text("/a"), (int)WatcherType.Any))),
        Of(42, OpCode.MultiRead, static (ref writer) => MultiRead(ref writer)),
        Of(-8, OpCode.SetWatches2, static (ref writer) => SetWatches(ref writer, lists: 5)),
        Of(-8, OpCode.SetWatches, static (ref writer) => SetWatches(ref writer, lists: 3)),
        Of(-4, OpCode.Auth, static (ref writer) => writer.Write(new AuthPacket(0, Text("digest"), Text("bob:pw")))),
        Of(43, OpCode.Sasl, static (ref writer) => writer.WriteInt(0)), Of(44, OpCode.CloseSession, static (ref _) => { }),
    ];

    private static byte[] Read(int xid, OpCode op, string path) =>
        Of(xid, op, (ref writer) => writer.Write(new ReadRequest(Text(path), true)));

    private static byte[] Path(int xid, OpCode op, string path) => Of(xid, op, (ref writer) => writer.Write(new PathRequest(Text(path))));

    private static void Multi(ref JuteWriter writer, bool good)
    {
        writer.Write(new MultiHeader((int)OpCode.Create, false, -1));
        writer.Write(CreateBody(good ? "/m" : "/n", "m", CreateMode.Persistent));
        writer.Write(new MultiHeader((int)OpCode.Check, false, -1));
        writer.Write(new CheckVersionRequest(Text("/a"), good ? -1 : 77));
        writer.Write(new MultiHeader((int)OpCode.SetData, false, -1));
        writer.Write(new SetDataRequest(Text("/a"), default, -1));
        writer.Write(new MultiHeader((int)OpCode.Delete, false, -1));
        writer.Write(new DeleteRequest(Text(good ? "/m" : "/n"), -1));
        writer.Write(new MultiHeader(-1, true, -1));
    }

    private static void MultiRead(ref JuteWriter writer)
    {
        foreach (var op in (ReadOnlySpan<OpCode>)[OpCode.GetData, OpCode.GetChildren])
        {
            writer.Write(new MultiHeader((int)op, false, -1));
            writer.Write(new ReadRequest(Text("/a"), false));
        }

        writer.Write(new MultiHeader(-1, true, -1));
    }

    private static void SetWatches(ref JuteWriter writer, int lists)
    {
        writer.WriteLong(1);
        for (; lists > 0; lists--)
        {
            writer.WriteInt(2);
            writer.WriteBytes(Text("/a"));
            writer.WriteBytes(Text("/gone"));
        }
    }

    private static CreateRequest CreateBody(string path, string? data, CreateMode mode) =>
        new(Text(path), data is null ? default : Text(data), Open.Vector, (int)mode);

    private static JuteBytes Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Bytes(Body body)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        body(ref writer);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }
}
