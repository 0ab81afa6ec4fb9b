using System.Buffers.Binary;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Protocol;

/// <summary>
/// Reads the body of a snapshot from bytes as they come: sessions, lists, znodes, and the path <c>/</c> that no znode has, at the end. It
/// keeps nothing: what is no whole part yet is to be given again with more behind it.
/// </summary>
public sealed class SnapshotParser(ISnapshotHandler handler)
{
    private static ReadOnlySpan<byte> Terminator => "\0\0\0\u0001/"u8;

    private int _section;   // 0, 2: a count comes; 1: sessions; 3: lists; 4: znodes
    private int _left;

    private delegate void PartReader(ref JuteReader reader, ISnapshotHandler handler);

    /// <summary>All has been read.</summary>
    public bool Complete { get; private set; }

    /// <summary>Takes as many whole parts as there are; returns how many bytes they were.</summary>
    /// <exception cref="InvalidSnapshotException">No snapshot has such a part.</exception>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        while (!Complete && TakePart(bytes[taken..]) is > 0 and var length)
            taken += length;
        return taken;
    }

    /// <summary>Takes one part; 0 if there is no whole one.</summary>
    public int TakePart(ReadOnlySpan<byte> bytes) => _section switch
    {
        0 or 2 => TakeCount(bytes),
        1 => TakePart(bytes, ReadSession),
        3 => TakePart(bytes, ReadAcl),
        _ => bytes.StartsWith(Terminator) ? End() : bytes.Length < Terminator.Length ? 0 : TakePart(bytes, ReadZnode),
    };

    private int TakeCount(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            return 0;
        _left = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (_left < 0)
            throw new InvalidSnapshotException($"a count of {_left}");
        _section += _left == 0 ? 2 : 1;
        return 4;
    }

    private int End()
    {
        Complete = true;
        return Terminator.Length;
    }

    private int TakePart(ReadOnlySpan<byte> bytes, PartReader read)
    {
        var reader = new JuteReader(bytes);
        read(ref reader, handler);
        if (reader.Malformed)
            return 0;
        if (_section < 4 && --_left == 0)
            _section++;
        return bytes.Length - reader.Rest.Length;
    }

    private static void ReadSession(ref JuteReader reader, ISnapshotHandler handler)
    {
        var session = SessionTimeout.Read(ref reader);
        if (!reader.Malformed)
            handler.OnSession(session.SessionId, session.Timeout);
    }

    private static void ReadAcl(ref JuteReader reader, ISnapshotHandler handler)
    {
        var key = reader.ReadLong();
        var acl = JuteVector<Acl>.Read(ref reader);
        if (!reader.Malformed)
            handler.OnAcl(key, acl);
    }

    private static void ReadZnode(ref JuteReader reader, ISnapshotHandler handler)
    {
        var path = reader.ReadBytes();
        var data = reader.ReadBytes();
        var acl = reader.ReadLong();
        var stat = StatPersisted.Read(ref reader);
        if (!reader.Malformed)
            handler.OnZnode(path, data, acl, stat);
    }
}
