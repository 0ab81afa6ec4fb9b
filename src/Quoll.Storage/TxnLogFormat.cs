using System.Buffers.Binary;

namespace Quoll.Storage;

/// <summary>
/// The bytes of a log file (<c>FileTxnLog</c>): a header of 16, then records, each an Adler-32 of the transaction, its length, the
/// transaction, and the byte 0x42. Zeros after the last record are room reserved.
/// </summary>
internal static class TxnLogFormat
{
    public const int HeaderLength = 16;
    public const int Magic = 0x5A4B4C47;   // "ZKLG"
    public const int Version = 2;
    public const int PrefixLength = 12;    // checksum and length
    public const byte EndOfRecord = 0x42;

    /// <summary>
    /// Most bytes that are written between two syncs, but for a single record that is longer. What a crash leaves of a log is known by
    /// this: a record that is not whole, and further from the end than this, was whole once.
    /// </summary>
    public const int MaxGroup = 1024 * 1024;

    public static void WriteHeader(Span<byte> header)
    {
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Version);
    }
}
