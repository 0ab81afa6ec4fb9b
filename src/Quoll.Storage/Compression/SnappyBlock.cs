namespace Quoll.Storage.Compression;

/// <summary>Snappy's raw block: the format of google/snappy's <c>format_description.txt</c>, without any framing.</summary>
/// <remarks>
/// A block is its length before compression, as a little-endian base-128 number, then elements: either bytes as they
/// are (a literal), or "go back so far and copy so many" (a copy). The low two bits of an element's first byte tell which.
/// </remarks>
internal static class SnappyBlock
{
    /// <summary>The low two bits of a tag before bytes that are to be taken as they are.</summary>
    internal const int Literal = 0;

    /// <summary>The low two bits of a tag for a copy of 4 to 11 bytes with an offset of 11 bits, three of them in the tag.</summary>
    internal const int CopyNear = 1;

    /// <summary>The low two bits of a tag for a copy of 1 to 64 bytes with an offset of 16 bits; 3 would mean one of 32 bits.</summary>
    internal const int CopyFar = 2;

    /// <summary>The most bytes <see cref="Compress"/> may need for so many bytes of input: the bound of google/snappy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input is negative, or too long for any output.</exception>
    public static int MaxCompressedLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);

        // A literal costs one byte in sixty and a copy never more than it covers; a sixth is what every implementation reserves.
        var most = 32L + length + length / 6;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, int.MaxValue, nameof(length));
        return (int)most;
    }

    /// <summary>Writes the block for <paramref name="input"/> and returns its length in bytes.</summary>
    /// <param name="input">What to compress; may be empty.</param>
    /// <param name="output">At least <see cref="MaxCompressedLength"/> bytes, apart from the input.</param>
    /// <exception cref="ArgumentException">The output is too short, whatever this input would need.</exception>
    public static int Compress(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (output.Length < MaxCompressedLength(input.Length))
            throw new ArgumentException($"needs {MaxCompressedLength(input.Length)} bytes, has {output.Length}", nameof(output));

        return SnappyCompressor.Compress(input, output);
    }

    /// <summary>The length that a block claims to have when decompressed: a claim, to be held against a bound of the caller's.</summary>
    /// <returns>False if the block does not begin with a number below 2^31.</returns>
    public static bool TryGetDecompressedLength(ReadOnlySpan<byte> input, out int length) =>
        TryReadLength(input, out length, out _);

    /// <summary>Undoes <see cref="Compress"/>, and checks every byte of the block while at it.</summary>
    /// <param name="input">One whole block and nothing else.</param>
    /// <param name="output">Room for what the block claims; may be longer, and then its rest is left alone.</param>
    /// <param name="written">The length of the decompressed bytes; 0 when false is returned.</param>
    /// <returns>False if the block is malformed or the output too short; the output may have been written to.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> input, Span<byte> output, out int written)
    {
        if (TryReadLength(input, out var length, out var start) && length <= output.Length
            && SnappyDecompressor.TryDecompress(input[start..], output, length))
        {
            written = length;
            return true;
        }

        written = 0;
        return false;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> input, out int length, out int size)
    {
        ulong value = 0;
        for (size = 0; size < Math.Min(input.Length, 5);)
        {
            var part = input[size];
            value |= (ulong)(part & 0x7F) << (7 * size++);
            if (part < 0x80)
            {
                length = (int)Math.Min(value, int.MaxValue);
                return value <= int.MaxValue;
            }
        }

        length = 0;
        return false;
    }
}
