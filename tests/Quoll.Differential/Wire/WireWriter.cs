using System.Buffers.Binary;
using System.Text;

namespace Quoll.Differential.Wire;

/// <summary>
/// Writes the protocol's primitives. Kept apart from the server's own codec on purpose: one shared mistake would hide itself.
/// </summary>
internal sealed class WireWriter
{
    private readonly List<byte> _bytes = [];

    public void Byte(byte value) => _bytes.Add(value);

    public void Int(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        _bytes.AddRange(four);
    }

    public void Long(long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        _bytes.AddRange(eight);
    }

    public void Raw(ReadOnlySpan<byte> value) => _bytes.AddRange(value);

    public void Buffer(byte[]? value)
    {
        Int(value?.Length ?? -1);
        _bytes.AddRange(value ?? []);
    }

    public void Text(string? value) => Buffer(value is null ? null : Encode(value));

    public byte[] ToArray() => [.. _bytes];

    /// <summary>A frame: the length word, then the payload.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> payload)
    {
        var frame = new byte[payload.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length);
        payload.CopyTo(frame.AsSpan(4));
        return frame;
    }

    /// <summary>
    /// UTF-8, except that a lone U+DC80..U+DCFF stands for the raw byte 0x80..0xFF, so that a generated
    /// text can also hold bytes which are no UTF-8 at all.
    /// </summary>
    public static byte[] Encode(string value)
    {
        var bytes = new List<byte>(value.Length);
        Span<byte> four = stackalloc byte[4];
        for (var rest = value.AsSpan(); rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) == System.Buffers.OperationStatus.Done)
                bytes.AddRange(four[..rune.EncodeToUtf8(four)]);
            else
                bytes.Add((byte)rest[0]);

            rest = rest[used..];
        }

        return [.. bytes];
    }
}
