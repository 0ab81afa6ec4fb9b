using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Quoll.Storage.Compression;

/// <summary>The reading half of <see cref="SnappyBlock"/>: every length and offset is held against both spans before use.</summary>
internal ref struct SnappyDecompressor
{
    private readonly ReadOnlySpan<byte> _input;
    private readonly Span<byte> _output;
    private int _read;
    private int _written;

    private SnappyDecompressor(ReadOnlySpan<byte> input, Span<byte> output)
    {
        _input = input;
        _output = output;
    }

    /// <summary>Runs the elements of a block; true if they are well formed and make exactly the bytes promised.</summary>
    /// <param name="elements">The block after its length.</param>
    /// <param name="output">At least <paramref name="length"/> bytes; those after are left alone.</param>
    /// <param name="length">The length that the block began with.</param>
    public static bool TryDecompress(ReadOnlySpan<byte> elements, Span<byte> output, int length)
    {
        var decompressor = new SnappyDecompressor(elements, output[..length]);
        return decompressor.TryRun();
    }

    private bool TryRun()
    {
        while (_read < _input.Length)
        {
            var tag = _input[_read++];
            if (!((tag & 3) == SnappyBlock.Literal ? TryLiteral(tag >> 2) : TryCopy(tag)))
                return false;
        }

        return _written == _output.Length;
    }

    private bool TryLiteral(int last)
    {
        // 60 to 63 say that one to four bytes with the length follow.
        if (last >= 60 && !TryReadNumber(last - 59, out last))
            return false;

        var length = (long)(uint)last + 1;
        if (length > _input.Length - _read || length > _output.Length - _written)
            return false;

        var from = _input[_read..];
        var to = _output[_written..];
        if (length <= 16 && from.Length >= 16 && to.Length >= 16)
            Vector128.Create(from).CopyTo(to); // the bytes too many are overwritten by the next element
        else
            from[..(int)length].CopyTo(to);

        _read += (int)length;
        _written += (int)length;
        return true;
    }

    private bool TryCopy(byte tag)
    {
        int length, offset;
        if ((tag & 3) == SnappyBlock.CopyNear)
        {
            length = (tag >> 2 & 7) + 4;
            if (!TryReadNumber(1, out offset))
                return false;

            offset |= tag >> 5 << 8;
        }
        else
        {
            length = (tag >> 2) + 1;
            if (!TryReadNumber((tag & 3) == SnappyBlock.CopyFar ? 2 : 4, out offset))
                return false;
        }

        if (offset <= 0 || offset > _written || length > _output.Length - _written)
            return false;

        Copy(offset, length);
        return true;
    }

    private void Copy(int offset, int length)
    {
        var from = _output[(_written - offset)..];
        var to = _output[_written..];
        _written += length;

        if (offset >= 16 && to.Length >= 64)
        {
            // The commonest case, in at most four steps, each reading only what is there before it.
            for (var at = 0; at < length; at += 16)
                Vector128.Create(from[at..]).CopyTo(to[at..]);
        }
        else if (offset >= length)
        {
            from[..length].CopyTo(to);
        }
        else
        {
            // Source and target overlap: the copy repeats what it has just written, so the order of bytes matters.
            for (var at = 0; at < length; at++)
                to[at] = from[at];
        }
    }

    private bool TryReadNumber(int size, out int number)
    {
        number = 0;
        if (size > _input.Length - _read)
            return false;

        var bytes = _input.Slice(_read, size);
        _read += size;
        number = size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            3 => bytes[0] | bytes[1] << 8 | bytes[2] << 16,
            _ => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        };
        return true;
    }
}
