using System.Buffers.Binary;
using System.IO.Compression;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;
using Quoll.Storage.Compression;

namespace Quoll.Fuzz.Targets;

/// <summary>A snapshot's file, plain or compressed as its first bytes say. Its parts are the tables, the znodes, and each tail.</summary>
internal sealed class SnapshotTarget : IFuzzTarget
{
    private const int HeaderLength = 16;
    private const int SealLength = 13;
    private const int LargestPlain = 1 << 20;

    public string Name => "snapshot";

    public IReadOnlyList<byte[]> Seeds()
    {
        var plain = WrittenByAServer();
        return
        [
            plain, Pack(plain, SnapshotCompression.Gzip), Pack(plain, SnapshotCompression.Snappy),

            // As servers before 3.6 and before 3.9 write them: without the tails.
            Join(Split(plain)[..^2]), Join(Split(plain)[..^1]),
        ];
    }

    /// <summary>First a byte for the compression, then header and sessions, lists, each znode, and one part for each tail.</summary>
    public List<byte[]> Split(byte[] input)
    {
        var compression = CompressionOf(input);
        var plain = Unpack(input, compression);
        var parts = new List<byte[]> { new[] { (byte)compression } };
        var reader = new JuteReader(plain);
        var start = 0;
        for (var i = 0; i < HeaderLength; i++)
            reader.ReadByte();
        for (var left = reader.ReadInt(); left > 0 && !reader.Malformed; left--)
            (_, _) = (reader.ReadLong(), reader.ReadInt());
        Cut(reader);
        for (var left = reader.ReadInt(); left > 0 && !reader.Malformed; left--)
            (_, _) = (reader.ReadLong(), JuteVector<Acl>.Read(ref reader).Count);
        Cut(reader);
        while (!reader.Malformed && !reader.AtEnd && !reader.Rest.StartsWith("\0\0\0\u0001/"u8))
        {
            (_, _, _) = (reader.ReadBytes().Length, reader.ReadBytes().Length, reader.ReadLong());
            _ = StatPersisted.Read(ref reader);
            Cut(reader);
        }

        // The znodes' end and its seal, then the tails with theirs.
        for (var at = start + 5 + SealLength; at < plain.Length;)
        {
            var length = Math.Min(plain.Length - at - SealLength < 20 ? 8 : 20, plain.Length - at);
            parts.Add(plain[at..(at + length)]);
            at += length + SealLength;
        }

        return parts;

        void Cut(in JuteReader reader)
        {
            var end = reader.Malformed ? start : plain.Length - reader.Rest.Length;
            if (end > start)
                parts.Add(plain[start..end]);
            start = end;
        }
    }

    public byte[] Join(IReadOnlyList<byte[]> parts)
    {
        var plain = new List<byte>();
        var tails = 0;
        foreach (var part in parts.Skip(1))
        {
            // Tails are known by their lengths, which no znode has.
            if (part.Length is 20 or 8)
            {
                if (tails++ == 0)
                    End(plain);
                plain.AddRange(part);
                Seal(plain);
            }
            else
            {
                plain.AddRange(part);
            }
        }

        if (tails == 0)
            End(plain);
        var kind = parts.Count > 0 && parts[0].Length > 0 ? parts[0][0] % 3 : 0;
        return Pack([.. plain], (SnapshotCompression)kind);
    }

    public string Run(byte[] input)
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(StateCheck.Directory);
        var path = Path.Combine(StateCheck.Directory, DataFiles.SnapshotName(new Zxid(5), CompressionOf(input)));
        disk.Put(path, input);
        RecoveredState state;
        try
        {
            state = StateCheck.Recover(disk).State;
        }
        catch (StorageException e)
        {
            var names = e.Message.Contains(path, StringComparison.Ordinal) || e.Message.Contains("offset", StringComparison.Ordinal);
            BrokenPromiseException.Unless(names, $"an error names file and offset: {e.Message}");
            return e.Message;
        }

        StateCheck.Check(state);
        return $"{state.ZnodeCount} znodes, {state.SessionCount} sessions, {state.DigestMismatches} mismatches";
    }

    private static byte[] WrittenByAServer()
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(StateCheck.Directory);
        using (var server = new FuzzedServer(new RecoveredState(StateCheck.Options), disk))
        {
            var client = server.Open();
            server.Send(client, Requests.Connect());
            server.SyncAll();
            foreach (var change in Requests.Changes())
                server.Send(client, change);
            server.SyncAll();
            server.WriteSnapshot();
        }

        return disk.Get(DataFiles.Snapshots(disk, StateCheck.Directory)[^1].Path);
    }

    private static void End(List<byte> plain)
    {
        plain.AddRange("\0\0\0\u0001/"u8);
        Seal(plain);
    }

    private static void Seal(List<byte> plain)
    {
        Span<byte> seal = stackalloc byte[SealLength];
        BinaryPrimitives.WriteInt64BigEndian(seal, Adler32.Append(1, [.. plain]));
        "\0\0\0\u0001/"u8.CopyTo(seal[8..]);
        plain.AddRange(seal);
    }

    private static SnapshotCompression CompressionOf(ReadOnlySpan<byte> input) =>
        input.StartsWith<byte>([0x1F, 0x8B]) ? SnapshotCompression.Gzip
        : input.StartsWith<byte>([0x82, .. "SNAPPY"u8]) ? SnapshotCompression.Snappy : SnapshotCompression.None;

    private static byte[] Pack(byte[] plain, SnapshotCompression compression)
    {
        if (compression == SnapshotCompression.None)
            return plain;
        using var packed = new MemoryStream();
        using (var stream = Codec(packed, compression, CompressionMode.Compress))
            stream.Write(plain);
        return packed.ToArray();
    }

    /// <summary>What can be unpacked, of a stream that may be broken.</summary>
    private static byte[] Unpack(byte[] input, SnapshotCompression compression)
    {
        if (compression == SnapshotCompression.None)
            return input;
        using var plain = new MemoryStream();
        using var stream = Codec(new MemoryStream(input), compression, CompressionMode.Decompress);
        var block = new byte[4096];
        try
        {
            while (plain.Length < LargestPlain && stream.Read(block) is > 0 and var read)
                plain.Write(block, 0, read);
        }
        catch (InvalidDataException)
        {
            return plain.ToArray();
        }

        return plain.ToArray();
    }

    private static Stream Codec(Stream packed, SnapshotCompression compression, CompressionMode mode) =>
        compression == SnapshotCompression.Gzip
            ? new GZipStream(packed, mode, leaveOpen: true)
            : new SnappyStream(packed, mode, leaveOpen: true);
}
