using System.Buffers;
using System.Text;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Writes a snapshot part by part, as an Apache server might have: fuzzy, with holes in its tables, and the like.</summary>
internal sealed class SnapshotBuilder(long zxid)
{
    private readonly List<(long Id, int Timeout)> _sessions = [];
    private readonly List<(long Key, AclEntry[] Entries)> _acls = [];
    private readonly List<(string Path, string? Data, long AclKey, StatPersisted Stat)> _znodes = [("", "", -1, default)];
    private (long Zxid, int Version, ulong Digest)? _digest;

    public SnapshotBuilder Session(long id, int timeout = 10_000)
    {
        _sessions.Add((id, timeout));
        return this;
    }

    public SnapshotBuilder Acl(long key, params AclEntry[] entries)
    {
        _acls.Add((key, entries));
        return this;
    }

    /// <summary>A znode created at a zxid; the first that is added may be the root itself, with the empty path.</summary>
    public SnapshotBuilder Znode(
        string path, long created = 1, int cversion = 0, long? pzxid = null, long aclKey = -1, long owner = 0, string? data = "data")
    {
        if (path.Length == 0)
            _znodes.Clear();
        var time = created * 1000;
        _znodes.Add((path, data, aclKey, new StatPersisted(created, created, time, time, 0, cversion, 0, owner, pzxid ?? created)));
        return this;
    }

    public SnapshotBuilder Digest(long at, ulong digest, int version = TreeDigest.Version)
    {
        _digest = (at, version, digest);
        return this;
    }

    /// <summary>Writes the file and returns its path.</summary>
    public string Write(MemoryDisk disk, SnapshotCompression compression = SnapshotCompression.None)
    {
        using var file = new SnapshotFileWriter(disk, LogFiles.Directory, new Zxid(zxid), compression);
        file.Write(Encode((ref writer) =>
        {
            WriteTables(ref writer);
            foreach (var (path, data, aclKey, stat) in _znodes)
            {
                writer.WriteBytes(Encoding.UTF8.GetBytes(path));
                writer.WriteBytes(data is null ? default : new JuteBytes(Encoding.UTF8.GetBytes(data)));
                writer.WriteLong(aclKey);
                writer.Write(stat);
            }

            writer.WriteBytes("/"u8);
        }));
        file.Seal();
        if (_digest is var (at, version, digest))
        {
            file.Write(Encode((ref writer) =>
            {
                writer.WriteLong(at);
                writer.Write(new TxnDigest(version, (long)digest));
            }));
            file.Seal();
        }

        file.Complete();
        return file.FilePath;
    }

    private void WriteTables(ref JuteWriter writer)
    {
        writer.WriteInt(_sessions.Count);
        foreach (var (id, timeout) in _sessions)
        {
            writer.WriteLong(id);
            writer.WriteInt(timeout);
        }

        writer.WriteInt(_acls.Count);
        foreach (var (key, entries) in _acls)
        {
            writer.WriteLong(key);
            writer.Write(new AclList(entries).Vector);
        }
    }

    private static byte[] Encode(Txns.Body body)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        body(ref writer);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }
}
