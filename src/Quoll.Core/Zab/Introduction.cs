using System.Buffers.Binary;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>Who connects to a leader's port may be anybody: what no server of this ensemble would say.</summary>
internal static class Introduction
{
    private const int BeforeData = 4 + 8;

    /// <summary>A packet's fields beside its data.</summary>
    private const int LargestHeader = 64 * 1024;

    /// <summary>Why the beginning of a packet can't become a whole one; null if it can.</summary>
    public static string? FaultIn(ReadOnlySpan<byte> begun, int maxTxn)
    {
        if (begun.Length > maxTxn + LargestHeader)
            return $"a packet of more than {maxTxn + LargestHeader} bytes";
        if (begun.Length < BeforeData + 4)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(begun[BeforeData..]);
        return length >= -1 && length <= maxTxn + LargestHeader ? null : $"a packet with {length} bytes of data";
    }

    /// <summary>Why it can't be one of this server's learners; null if it can.</summary>
    /// <param name="info">Who it says it is.</param>
    /// <param name="epoch">The newest epoch that it says it has promised.</param>
    /// <param name="self">This server.</param>
    public static string? FaultIn(LearnerInfo info, int epoch, long self)
    {
        if (info.ServerId == self)
            return $"it says it is server {self}, which is this one: two servers have one number";

        // One more than the greatest would be negative: no server could ever lead again.
        return epoch is >= 0 and < int.MaxValue ? null : $"server {info.ServerId} says that it has promised epoch {epoch}";
    }
}
