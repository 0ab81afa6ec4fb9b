using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ArmCrc32 = System.Runtime.Intrinsics.Arm.Crc32;

namespace Quoll.Protocol.Checksums;

/// <summary>
/// zlib's CRC-32 (polynomial 0x04C11DB7, reflected to 0xEDB88320): what the tree digest is summed from.
/// </summary>
/// <remarks>
/// A node costs one digest before and one after each change, most of them over the 60 bytes of its stat,
/// so the short call matters as much as the long one.
/// </remarks>
public static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    // Eight tables of 256, one after the other: table k is the effect of a byte that k more zero bytes follow.
    private static readonly uint[] Tables = BuildTables();

    /// <summary>The CRC-32 of everything before and <paramref name="bytes"/> after it, as zlib's <c>crc32()</c>.</summary>
    /// <param name="crc">The finished value so far; 0 to begin.</param>
    /// <param name="bytes">What comes next; an empty span leaves the value as it is.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        if (IsFoldingSupported && bytes.Length >= Vector128<byte>.Count)
            return AppendFolding(crc, bytes);

        return ArmCrc32.Arm64.IsSupported ? AppendArm(crc, bytes) : AppendTables(crc, bytes);
    }

    /// <summary>Whether <see cref="AppendFolding"/> may be called: the processor multiplies without carries.</summary>
    internal static bool IsFoldingSupported => Pclmulqdq.IsSupported && Sse41.IsSupported;

    /// <summary>The portable way, eight bytes a step ("slicing by 8"); internal for the tests.</summary>
    internal static uint AppendTables(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref var tables = ref MemoryMarshal.GetArrayDataReference(Tables);
        crc = ~crc;
        while (bytes.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = At(ref tables, 7, low) ^ At(ref tables, 6, low >> 8) ^ At(ref tables, 5, low >> 16) ^ At(ref tables, 4, low >> 24)
                ^ At(ref tables, 3, high) ^ At(ref tables, 2, high >> 8) ^ At(ref tables, 1, high >> 16) ^ At(ref tables, 0, high >> 24);
            bytes = bytes[8..];
        }

        foreach (var value in bytes)
            crc = (crc >> 8) ^ At(ref tables, 0, crc ^ value);

        return ~crc;
    }

    // The cast to a byte keeps the index inside table number `table` of the eight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint At(ref uint tables, int table, uint value) => Unsafe.Add(ref tables, (table << 8) + (byte)value);

    /// <summary>
    /// Folds 16 bytes at a time with carry-less multiplication; needs at least 16 bytes. Internal for the tests.
    /// </summary>
    /// <remarks>
    /// The method and the constants are those of Gopal et al., "Fast CRC Computation for Generic Polynomials Using
    /// PCLMULQDQ Instruction" (Intel, 2009), in their bit-reflected form. A CRC is a remainder, so 16 bytes with n
    /// bits after them may be replaced by any 16 bytes congruent to them times x^n.
    /// </remarks>
    internal static uint AppendFolding(uint crc, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, Vector128<byte>.Count);

        // Every read below is at `at` <= length - 16, so inside the span.
        ref var start = ref MemoryMarshal.GetReference(bytes);
        var length = (nuint)bytes.Length;
        nuint at = 16;
        var folded = Load(ref start, 0) ^ Vector128.CreateScalar(~crc).AsUInt64();

        if (length >= 64)
        {
            // Four independent chains hide the latency of the multiplier.
            var by64 = Vector128.Create(0x1_5444_2bd4UL, 0x1_c6e4_1596UL); // x^(512+32), x^(512-32)
            var second = Load(ref start, 16);
            var third = Load(ref start, 32);
            var fourth = Load(ref start, 48);
            for (at = 64; at + 64 <= length; at += 64)
            {
                folded = Fold(folded, by64) ^ Load(ref start, at);
                second = Fold(second, by64) ^ Load(ref start, at + 16);
                third = Fold(third, by64) ^ Load(ref start, at + 32);
                fourth = Fold(fourth, by64) ^ Load(ref start, at + 48);
            }

            folded = Fold(folded, By16) ^ second;
            folded = Fold(folded, By16) ^ third;
            folded = Fold(folded, By16) ^ fourth;
        }

        for (; at + 16 <= length; at += 16)
            folded = Fold(folded, By16) ^ Load(ref start, at);

        if (at < length)
            folded = FoldTail(folded, Load(ref start, length - 16), (int)(length - at));

        return ~Reduce(folded);
    }

    // x^(128+32) and x^(128-32) modulo the polynomial.
    private static Vector128<ulong> By16
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(0x1_7519_97d0UL, 0x0_ccaa_009eUL);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load(ref byte start, nuint at) => Vector128.LoadUnsafe(ref start, at).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Fold(Vector128<ulong> value, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(value, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, by, 0x11);

    /// <summary>Takes in the last 1 to 15 bytes without a loop over them.</summary>
    /// <param name="folded">All that came before.</param>
    /// <param name="last">The last 16 bytes of the input, of which only the last <paramref name="count"/> are new.</param>
    /// <param name="count">How many bytes are new.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> FoldTail(Vector128<ulong> folded, Vector128<ulong> last, int count)
    {
        // Seen as one number, `folded` and the tail are 16 + count bytes: `head`, the first count of them, stands 16 bytes
        // before the end, and so is folded into the rest like any other block. An index with its top bit set selects a zero.
        ReadOnlySpan<byte> window =
        [
            0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
            0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        ];
        ref var indexes = ref MemoryMarshal.GetReference(window);
        var toHead = Vector128.LoadUnsafe(ref indexes, (nuint)count);
        var toFront = Vector128.LoadUnsafe(ref indexes, (nuint)(count + 16));
        var head = Ssse3.Shuffle(folded.AsByte(), toHead).AsUInt64();
        var front = Ssse3.Shuffle(folded.AsByte(), toFront);
        var rest = Sse41.BlendVariable(last.AsByte(), front, toHead).AsUInt64();
        return Fold(head, By16) ^ rest;
    }

    /// <summary>The remainder of 128 bits: first to 64 bits by folding, then Barrett's way to 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Reduce(Vector128<ulong> folded)
    {
        var by4 = Vector128.CreateScalar(0x1_63cd_6124UL);                  // x^64
        var barrett = Vector128.Create(0x1_db71_0641UL, 0x1_f701_1641UL);   // the polynomial, and x^64 divided by it
        var low32 = Vector128.Create(0xFFFF_FFFFUL);

        folded = Sse2.ShiftRightLogical128BitLane(folded, 8) ^ Pclmulqdq.CarrylessMultiply(folded, By16, 0x10);
        folded = Sse2.ShiftRightLogical128BitLane(folded, 4) ^ Pclmulqdq.CarrylessMultiply(folded & low32, by4, 0x00);

        var quotient = Pclmulqdq.CarrylessMultiply(folded & low32, barrett, 0x10) & low32;
        return (folded ^ Pclmulqdq.CarrylessMultiply(quotient, barrett, 0x00)).AsUInt32().GetElement(1);
    }

    // Arm's crc32x and crc32b compute this very polynomial.
    private static uint AppendArm(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = ArmCrc32.Arm64.ComputeCrc32(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));

        foreach (var value in bytes)
            crc = ArmCrc32.ComputeCrc32(crc, value);

        return ~crc;
    }

    private static uint[] BuildTables()
    {
        var tables = new uint[8 * 256];
        for (var value = 0u; value < 256; value++)
        {
            var crc = value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ Polynomial;

            tables[value] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[(byte)tables[i - 256]];

        return tables;
    }
}
