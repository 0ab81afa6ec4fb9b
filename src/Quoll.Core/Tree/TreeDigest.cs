using System.Buffers.Binary;
using Quoll.Protocol.Checksums;
using Quoll.Protocol.Records;

namespace Quoll.Core.Tree;

/// <summary>
/// The digest of a tree: the sum, modulo 2^64, of a CRC-32 over each znode's path, data and stat (<c>DigestCalculator</c>, version 2).
/// Znodes below <c>/zookeeper</c> do not count.
/// </summary>
internal static class TreeDigest
{
    public const int Version = 2;

    /// <summary>The part of a znode's CRC that stays while its data does.</summary>
    public static uint Content(ReadOnlySpan<byte> path, ReadOnlySpan<byte> data) => Crc32.Append(Crc32.Append(0, path), data);

    /// <summary>What a znode adds to the digest. The order of the fields is the digest's own, not the snapshot's.</summary>
    public static ulong Node(uint content, in StatPersisted stat)
    {
        Span<byte> bytes = stackalloc byte[60];
        BinaryPrimitives.WriteInt64BigEndian(bytes, stat.Czxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], stat.Mzxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], stat.Pzxid);
        BinaryPrimitives.WriteInt64BigEndian(bytes[24..], stat.Ctime);
        BinaryPrimitives.WriteInt64BigEndian(bytes[32..], stat.Mtime);
        BinaryPrimitives.WriteInt32BigEndian(bytes[40..], stat.Version);
        BinaryPrimitives.WriteInt32BigEndian(bytes[44..], stat.Cversion);
        BinaryPrimitives.WriteInt32BigEndian(bytes[48..], stat.Aversion);
        BinaryPrimitives.WriteInt64BigEndian(bytes[52..], stat.EphemeralOwner);
        return Crc32.Append(content, bytes);
    }

    public static bool Counts(ReadOnlySpan<byte> path) => !path.StartsWith("/zookeeper/"u8);
}
