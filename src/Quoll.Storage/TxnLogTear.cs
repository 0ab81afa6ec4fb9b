using System.Buffers.Binary;
using System.Numerics;
using Quoll.Protocol.Checksums;

namespace Quoll.Storage;

/// <summary>
/// Looks at a record that is not whole, and at what was written after it, and tells what a crash can have left from what it cannot.
/// A crash leaves out sectors of the one group that was being written, and nothing else; docs/disk.md has the reasoning.
/// </summary>
/// <param name="written">From the beginning of the record to the last byte of the file that is not zero; never empty.</param>
/// <param name="position">Where in the file that is.</param>
/// <param name="endsFile">Nothing is reserved behind it: the file ends there.</param>
/// <param name="maxLength">Longest transaction to be believed.</param>
internal readonly ref struct TxnLogTear(ReadOnlySpan<byte> written, long position, bool endsFile, int maxLength)
{
    private const int SectorSize = 512;
    private const int AdlerBase = 65521;

    // What looking at bytes that only seem to be records may cost.
    private const long SearchBudget = 1L << 30;

    private readonly ReadOnlySpan<byte> _written = written;

    /// <summary>What proves that the record was whole once, or null if a crash explains it.</summary>
    /// <param name="isFollowed">There is a whole record somewhere behind it.</param>
    public string? FindDamage(out bool isFollowed)
    {
        Span<byte> prefix = stackalloc byte[TxnLogFormat.PrefixLength];
        prefix.Clear();
        _written[..Math.Min(_written.Length, prefix.Length)].CopyTo(prefix);
        var checksum = BinaryPrimitives.ReadInt64BigEndian(prefix);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix[8..]);
        var recordEnd = TxnLogFormat.PrefixLength + (long)length + 1;
        var isInside = recordEnd <= _written.Length;
        isFollowed = HasWholeBehind();
        if (checksum >> 32 != 0)
            return "a checksum that is none";
        if (checksum != 0 && IsWholeWithAnotherLength((uint)checksum))
            return "a length that does not fit";
        if (isInside && length > 0 && IsOneBitFromWhole((uint)checksum, (int)recordEnd))
            return "a record whose checksum does not fit, by one bit";
        if (isFollowed && _written.Length > TxnLogFormat.MaxGroup)
            return $"a record that is not whole, and {_written.Length} bytes from there on, which are more than one write";
        if (endsFile && isInside && _written[^1] == TxnLogFormat.EndOfRecord)
            return "a record that is not whole, in a file that was ended in order";
        if (!isInside)
            return isFollowed ? "a record that seems to go on where nothing was written" : null;
        return HasLostSector((int)recordEnd) ? null : "a record whose checksum does not fit";
    }

    // The first four bytes of a record are zeros as they should be: a sector with no more than those was not missed.
    private bool HasLostSector(int recordEnd)
    {
        for (var start = (position + 4) / SectorSize * SectorSize; start < position + recordEnd; start += SectorSize)
        {
            var from = (int)Math.Max(start - position, 0);
            var to = (int)Math.Min(start + SectorSize - position, _written.Length);
            if (!_written[from..to].ContainsAnyExcept((byte)0))
                return true;
        }

        return false;
    }

    /// <summary>Finds the damage of a length, which makes of a whole record one that seems to end elsewhere.</summary>
    private bool IsWholeWithAnotherLength(uint checksum)
    {
        var (low, high) = (1u, 0u);
        var last = Math.Min(_written.Length - 2L, TxnLogFormat.PrefixLength + maxLength - 1L);
        for (var at = TxnLogFormat.PrefixLength; at <= last; at++)
        {
            low = (low + _written[at]) % AdlerBase;
            high = (high + low) % AdlerBase;
            if ((high << 16 | low) == checksum && _written[at + 1] == TxnLogFormat.EndOfRecord)
                return true;
        }

        return false;
    }

    /// <summary>Finds a single flipped bit in checksum, transaction or end: a crash flips none.</summary>
    private bool IsOneBitFromWhole(uint checksum, int recordEnd)
    {
        var body = _written[TxnLogFormat.PrefixLength..(recordEnd - 1)];
        var actual = Adler32.Append(1, body);
        if (actual == checksum)
            return _written[recordEnd - 1] != 0;
        if (_written[recordEnd - 1] != TxnLogFormat.EndOfRecord)
            return false;
        if (BitOperations.PopCount(actual ^ checksum) == 1)
            return true;

        // A bit in a byte changes the low half by its value, and the high half by that times the bytes from there to the end.
        var low = Difference(checksum & 0xFFFF, actual & 0xFFFF);
        var high = Difference(checksum >> 16, actual >> 16);
        for (var bit = 0; bit < 8; bit++)
        {
            if (low != 1L << bit && low != AdlerBase - (1L << bit))
                continue;
            for (var at = 0; at < body.Length; at++)
            {
                var wasSet = low != 1L << bit;
                if ((body[at] >> bit & 1) == (wasSet ? 1 : 0) && low * (body.Length - at) % AdlerBase == high)
                    return true;
            }
        }

        return false;

        static long Difference(uint wanted, uint found) => (wanted + AdlerBase - (long)found) % AdlerBase;
    }

    private bool HasWholeBehind()
    {
        var budget = SearchBudget;
        for (var at = 1; at + TxnLogFormat.PrefixLength + 1 < _written.Length; at++)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(_written[at..]) != 0)
                continue;
            var length = BinaryPrimitives.ReadInt32BigEndian(_written[(at + 8)..]);
            var recordEnd = at + TxnLogFormat.PrefixLength + (long)length + 1;
            if (length <= 0 || length > maxLength || recordEnd > _written.Length
                || _written[(int)recordEnd - 1] != TxnLogFormat.EndOfRecord)
            {
                continue;
            }

            // Bytes made to cost so much are no accident; they count as what they pretend to be.
            budget -= length;
            var body = _written.Slice(at + TxnLogFormat.PrefixLength, length);
            if (budget < 0 || Adler32.Append(1, body) == BinaryPrimitives.ReadUInt32BigEndian(_written[(at + 4)..]))
                return true;
        }

        return false;
    }
}
