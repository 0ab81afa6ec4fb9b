using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quoll.Protocol.Checksums;

/// <summary>Adler-32 (RFC 1950, section 8): the checksum of every record of the transaction log and of every snapshot.</summary>
/// <remarks>
/// The low half is one plus the sum of the bytes, the high half the sum of all low halves on the way, both modulo 65521.
/// Hence a byte counts in the high half as often as there are bytes from it to the end: the vector paths use just this.
/// </remarks>
public static class Adler32
{
    // The largest prime below 2^16.
    private const uint Modulus = 65521;

    // How many bytes can be summed before the high sum may pass 2^32: the largest n (zlib's NMAX) with
    // 255 n (n + 1) / 2 + (n + 1)(Modulus - 1) < 2^32. The block is the multiple of 32 at or below it.
    private const int BlockLength = 5552 / 32 * 32;

    /// <summary>The Adler-32 of everything before and <paramref name="bytes"/> after it, as zlib's <c>adler32()</c>.</summary>
    /// <param name="adler">The value so far; 1 to begin.</param>
    /// <param name="bytes">What comes next; an empty span leaves the value as it is.</param>
    public static uint Append(uint adler, ReadOnlySpan<byte> bytes)
    {
        if (Avx2.IsSupported && bytes.Length >= Vector256<byte>.Count)
            return AppendAvx2(adler, bytes);

        return Vector128.IsHardwareAccelerated && bytes.Length >= Vector128<byte>.Count
            ? AppendVector128(adler, bytes)
            : AppendScalar(adler, bytes);
    }

    /// <summary>A byte at a time; internal for the tests.</summary>
    internal static uint AppendScalar(uint adler, ReadOnlySpan<byte> bytes)
    {
        var (low, high) = Split(adler);
        while (!bytes.IsEmpty)
        {
            var block = bytes[..Math.Min(bytes.Length, BlockLength)];
            foreach (var value in block)
            {
                low += value;
                high += low;
            }

            low %= Modulus;
            high %= Modulus;
            bytes = bytes[block.Length..];
        }

        return Join(low, high);
    }

    /// <summary>32 bytes at a time, by AVX2's sum of bytes and its multiply-and-add; needs at least 32. Internal for the tests.</summary>
    internal static uint AppendAvx2(uint adler, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, Vector256<byte>.Count);

        var (low, high) = Split(adler);
        ref var start = ref MemoryMarshal.GetReference(bytes);
        nuint at = 0;
        while (bytes.Length - (int)at is >= 32 and var left)
        {
            var end = at + (nuint)(Math.Min(left, BlockLength) & ~31);
            var steps = (uint)(end - at) / 32;
            var sums = Vector256<uint>.Zero;        // of the bytes so far
            var earlierSums = Vector256<uint>.Zero; // of `sums` before each step; each of its bytes counts 32 times more
            var weighted = Vector256<uint>.Zero;    // of the bytes times their distance to the end of their step
            for (; at < end; at += 32)
            {
                var chunk = Vector256.LoadUnsafe(ref start, at);
                earlierSums += sums;
                sums += Avx2.SumAbsoluteDifferences(chunk, Vector256<byte>.Zero).AsUInt32();
                weighted += Weigh(chunk);
            }

            high += low * 32 * steps + Vector256.Sum(earlierSums) * 32 + Vector256.Sum(weighted);
            low += Vector256.Sum(sums);
            low %= Modulus;
            high %= Modulus;
        }

        if (bytes.Length - (int)at is > 0 and var rest)
        {
            // The last 32 bytes with the known ones made zero: a byte's weight counts from the end, so those of the rest are right.
            var chunk = Vector256.LoadUnsafe(ref start, (nuint)(bytes.Length - 32))
                & Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(ZerosThenOnes), (nuint)rest);
            high += low * (uint)rest + Vector256.Sum(Weigh(chunk));
            low += Vector256.Sum(Avx2.SumAbsoluteDifferences(chunk, Vector256<byte>.Zero).AsUInt32());
            low %= Modulus;
            high %= Modulus;
        }

        return Join(low, high);
    }

    /// <summary>16 bytes at a time in what every vector unit has, Arm's too; internal for the tests.</summary>
    internal static uint AppendVector128(uint adler, ReadOnlySpan<byte> bytes)
    {
        var (low, high) = Split(adler);
        while (bytes.Length >= 16)
        {
            var block = bytes[..(Math.Min(bytes.Length, BlockLength) & ~15)];
            ref var start = ref MemoryMarshal.GetReference(block);

            // Sums per column, weighted once at the end: a column of a block may reach 5536 / 16 * 255 = 88230,
            // too much for its 16 bits, one of half a block 44115.
            var firstHalf = block.Length / 32 * 16;
            var (sums, earlierSums, weighted) = SumColumns(ref start, 0, firstHalf, Vector128<uint>.Zero, Vector128<uint>.Zero);
            (sums, earlierSums, var weightedToo) = SumColumns(ref start, firstHalf, block.Length, sums, earlierSums);

            high += low * (uint)block.Length + Vector128.Sum(earlierSums) * 16 + Vector128.Sum(weighted + weightedToo);
            low += Vector128.Sum(sums);
            low %= Modulus;
            high %= Modulus;
            bytes = bytes[block.Length..];
        }

        return AppendScalar(Join(low, high), bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<uint> Sums, Vector128<uint> EarlierSums, Vector128<uint> Weighted) SumColumns(
        ref byte start, int from, int to, Vector128<uint> sums, Vector128<uint> earlierSums)
    {
        var left = Vector128<ushort>.Zero;
        var right = Vector128<ushort>.Zero;
        for (var at = from; at < to; at += 16)
        {
            var (lower, upper) = Vector128.Widen(Vector128.LoadUnsafe(ref start, (nuint)at));
            left += lower;
            right += upper;
            earlierSums += sums;
            var (even, odd) = Vector128.Widen(lower + upper);
            sums += even + odd;
        }

        return (sums, earlierSums, Weigh(left, Vector128.Create(16u, 15, 14, 13), 4) + Weigh(right, Vector128.Create(8u, 7, 6, 5), 4));
    }

    private static Vector128<uint> Weigh(Vector128<ushort> columns, Vector128<uint> weights, uint step)
    {
        var (lower, upper) = Vector128.Widen(columns);
        return lower * weights + upper * (weights - Vector128.Create(step));
    }

    // Pairs of products stay below 2^15: 255 * (32 + 31).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Weigh(Vector256<byte> chunk)
    {
        var weights = Vector256.Create(
            32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, (sbyte)1);
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(chunk, weights), Vector256<short>.One).AsUInt32();
    }

    // Read 32 bytes from place n on: all but the last n are zero.
    private static ReadOnlySpan<byte> ZerosThenOnes =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    ];

    private static (uint Low, uint High) Split(uint adler) => (adler & 0xFFFF, adler >> 16);

    private static uint Join(uint low, uint high) => high << 16 | low;
}
