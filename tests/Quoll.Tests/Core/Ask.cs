using System.Text;
using Quoll.Protocol;

namespace Quoll.Tests.Core;

/// <summary>A request without its xid.</summary>
internal sealed record Ask(OpCode Op, byte[] Body)
{
    public static Ask Ping { get; } = new(OpCode.Ping, []);

    public static Ask Close { get; } = new(OpCode.CloseSession, []);

    public static Ask WhoAmI { get; } = new(OpCode.WhoAmI, []);

    public static Ask Create(string path, string? data = "", CreateMode mode = CreateMode.Persistent, params AclLine[] acl) =>
        new(OpCode.Create, CreateBody(path, data, mode, acl).ToArray());

    public static Ask Create2(string path, string? data = "", CreateMode mode = CreateMode.Persistent, params AclLine[] acl) =>
        new(OpCode.Create2, CreateBody(path, data, mode, acl).ToArray());

    public static Ask CreateContainer(string path) =>
        new(OpCode.CreateContainer, CreateBody(path, "", CreateMode.Container).ToArray());

    public static Ask CreateTtl(string path, long ttl, CreateMode mode = CreateMode.PersistentTtl) =>
        new(OpCode.CreateTtl, CreateBody(path, "", mode).Long(ttl).ToArray());

    public static Ask Delete(string path, int version = -1) => new(OpCode.Delete, new Bytes().String(path).Int(version).ToArray());

    public static Ask SetData(string path, string? data, int version = -1) =>
        new(OpCode.SetData, new Bytes().String(path).Buffer(Utf8(data)).Int(version).ToArray());

    public static Ask SetAcl(string path, int version = -1, params AclLine[] acl) =>
        new(OpCode.SetAcl, new Bytes().String(path).Acl(acl).Int(version).ToArray());

    public static Ask Check(string path, int version) => new(OpCode.Check, new Bytes().String(path).Int(version).ToArray());

    public static Ask Exists(string path, bool watch = false) => Read(OpCode.Exists, path, watch);

    public static Ask GetData(string path, bool watch = false) => Read(OpCode.GetData, path, watch);

    public static Ask GetChildren(string path, bool watch = false) => Read(OpCode.GetChildren, path, watch);

    public static Ask GetChildren2(string path, bool watch = false) => Read(OpCode.GetChildren2, path, watch);

    public static Ask GetAcl(string path) => OfPath(OpCode.GetAcl, path);

    public static Ask Sync(string path) => OfPath(OpCode.Sync, path);

    public static Ask GetEphemerals(string prefix) => OfPath(OpCode.GetEphemerals, prefix);

    public static Ask GetAllChildrenNumber(string path) => OfPath(OpCode.GetAllChildrenNumber, path);

    public static Ask AddWatch(string path, int mode) => new(OpCode.AddWatch, new Bytes().String(path).Int(mode).ToArray());

    public static Ask CheckWatches(string path, WatcherType type) =>
        new(OpCode.CheckWatches, new Bytes().String(path).Int((int)type).ToArray());

    public static Ask RemoveWatches(string path, WatcherType type) =>
        new(OpCode.RemoveWatches, new Bytes().String(path).Int((int)type).ToArray());

    public static Ask SetWatches(long since, string[] data, string[] exist, string[] child) =>
        new(OpCode.SetWatches, new Bytes().Long(since).Strings(data).Strings(exist).Strings(child).ToArray());

    public static Ask AddAuth(string scheme, string auth) =>
        new(OpCode.Auth, new Bytes().Int(0).String(scheme).Buffer(Utf8(auth)).ToArray());

    public static Ask Multi(params Ask[] parts) => new(OpCode.Multi, List(parts));

    public static Ask MultiRead(params Ask[] parts) => new(OpCode.MultiRead, List(parts));

    private static Bytes CreateBody(string path, string? data, CreateMode mode, params AclLine[] acl) =>
        new Bytes().String(path).Buffer(Utf8(data)).Acl(acl.Length == 0 ? [AclLine.Open] : acl).Int((int)mode);

    private static Ask Read(OpCode op, string path, bool watch) => new(op, new Bytes().String(path).Bool(watch).ToArray());

    private static Ask OfPath(OpCode op, string path) => new(op, new Bytes().String(path).ToArray());

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static byte[] List(Ask[] parts)
    {
        var bytes = new Bytes();
        foreach (var part in parts)
            bytes.Int((int)part.Op).Bool(false).Int(-1).Raw(part.Body);
        return bytes.Int(-1).Bool(true).Int(-1).ToArray();
    }
}
