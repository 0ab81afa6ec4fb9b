using System.Buffers.Binary;
using System.Numerics;

namespace Quoll.Storage.Compression;

/// <summary>The writing half of <see cref="SnappyBlock"/>: one greedy pass with a hash table of four-byte strings.</summary>
internal static class SnappyCompressor
{
    // Copies never leave a fragment, so that a place in it, and hence an offset, fits 16 bits.
    private const int FragmentLength = 1 << 16;

    private const int MaxHashBits = 14;
    private const int MinHashBits = 8;

    // Closer to the end than this no match is looked for, so that eight bytes may be read at any place that is looked at.
    private const int EndMargin = 15;

    /// <summary>Writes one block; the output must have <see cref="SnappyBlock.MaxCompressedLength"/> bytes.</summary>
    public static int Compress(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var written = WriteLength(output, (uint)input.Length);

        // Where in the fragment a string with this hash was last seen: 32 KiB at most, and zero to begin with.
        Span<ushort> table = stackalloc ushort[1 << HashBits(input.Length)];
        while (!input.IsEmpty)
        {
            var fragment = input[..Math.Min(input.Length, FragmentLength)];
            written += CompressFragment(fragment, output[written..], table);
            input = input[fragment.Length..];
            if (!input.IsEmpty)
                table.Clear();
        }

        return written;
    }

    // A table much larger than the input only costs its clearing.
    private static int HashBits(int length) => Math.Clamp(BitOperations.Log2((uint)length | 1) + 1, MinHashBits, MaxHashBits);

    private static int CompressFragment(ReadOnlySpan<byte> input, Span<byte> output, Span<ushort> table)
    {
        var written = 0;
        var pending = 0; // from here on nothing has been written
        if (input.Length > EndMargin)
        {
            var limit = input.Length - EndMargin;
            var at = 1;
            while (FindMatch(input, table, ref at, limit, out var candidate))
            {
                written += WriteLiteral(output[written..], input[pending..at]);
                var length = MatchLength(input, candidate, at);
                written += WriteCopy(output[written..], at - candidate, length);
                at += length;
                pending = at;
                if (at >= limit)
                    break;

                // The string before the end of a match is the one likeliest to come again before the next.
                table[Hash(ReadFour(input, at - 1), table.Length)] = (ushort)(at - 1);
            }
        }

        return pending == input.Length ? written : written + WriteLiteral(output[written..], input[pending..]);
    }

    /// <summary>Moves <paramref name="at"/> to the next place below the limit whose four bytes were seen before.</summary>
    private static bool FindMatch(ReadOnlySpan<byte> input, Span<ushort> table, ref int at, int limit, out int candidate)
    {
        // Bytes that do not repeat are passed ever faster: a step more for every 32 misses.
        for (var misses = 32; at < limit; at += misses++ >> 5)
        {
            var four = ReadFour(input, at);
            ref var slot = ref table[Hash(four, table.Length)];
            candidate = slot;
            slot = (ushort)at;

            // A cleared slot says 0, which is a candidate like any other: the comparison decides.
            if (candidate < at && ReadFour(input, candidate) == four)
                return true;
        }

        candidate = 0;
        return false;
    }

    private static int MatchLength(ReadOnlySpan<byte> input, int earlier, int later)
    {
        var length = 4;
        for (; later + length + 8 <= input.Length; length += 8)
        {
            var difference = ReadEight(input, earlier + length) ^ ReadEight(input, later + length);
            if (difference != 0)
                return length + (BitOperations.TrailingZeroCount(difference) >> 3);
        }

        while (later + length < input.Length && input[earlier + length] == input[later + length])
            length++;

        return length;
    }

    private static int WriteLength(Span<byte> output, uint length)
    {
        var written = 0;
        for (; length >= 0x80; length >>= 7)
            output[written++] = (byte)(length | 0x80);

        output[written++] = (byte)length;
        return written;
    }

    private static int WriteLiteral(Span<byte> output, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return 0;

        // Up to 60 the length fits the tag; 60 and 61 in its place say that one or two bytes with the length follow.
        var last = bytes.Length - 1;
        var start = last switch { < 60 => 1, < 256 => 2, _ => 3 };
        output[0] = (byte)((start == 1 ? last : 58 + start) << 2 | SnappyBlock.Literal);
        if (start > 1)
            output[1] = (byte)last;
        if (start > 2)
            output[2] = (byte)(last >> 8);

        bytes.CopyTo(output[start..]);
        return start + bytes.Length;
    }

    private static int WriteCopy(Span<byte> output, int offset, int length)
    {
        var written = 0;

        // At most 64 a copy; what is left last must be at least 4, for the short form.
        for (; length >= 68; length -= 64)
            written += WriteCopyFar(output[written..], offset, 64);

        if (length > 64)
        {
            written += WriteCopyFar(output[written..], offset, 60);
            length -= 60;
        }

        if (length >= 12 || offset >= 2048)
            return written + WriteCopyFar(output[written..], offset, length);

        output[written] = (byte)(offset >> 8 << 5 | (length - 4) << 2 | SnappyBlock.CopyNear);
        output[written + 1] = (byte)offset;
        return written + 2;
    }

    private static int WriteCopyFar(Span<byte> output, int offset, int length)
    {
        output[0] = (byte)((length - 1) << 2 | SnappyBlock.CopyFar);
        BinaryPrimitives.WriteUInt16LittleEndian(output[1..], (ushort)offset);
        return 3;
    }

    // A multiplicative hash; table lengths are powers of two.
    private static int Hash(uint four, int tableLength) =>
        (int)((four * 0x9E37_79B1) >> (32 - BitOperations.Log2((uint)tableLength)));

    private static uint ReadFour(ReadOnlySpan<byte> input, int at) => BinaryPrimitives.ReadUInt32LittleEndian(input[at..]);

    private static ulong ReadEight(ReadOnlySpan<byte> input, int at) => BinaryPrimitives.ReadUInt64LittleEndian(input[at..]);
}
