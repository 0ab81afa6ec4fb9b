using System.Buffers.Binary;

namespace Quoll.Protocol.Jute;

/// <summary>
/// Reads jute's encoding from bytes at hand. Bad bytes are not exceptional: the reader remembers the first fault, every later
/// read yields a default, and the caller asks once. Nothing is allocated: buffers and strings are views of the input.
/// </summary>
public ref struct JuteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Set once a read met a bad length or the end of the input.</summary>
    public bool Malformed { get; private set; }

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool AtEnd => _rest.IsEmpty;

    public int ReadInt() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadInt32BigEndian(four) : 0;

    public long ReadLong() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadInt64BigEndian(eight) : 0;

    public byte ReadByte() => Take(1) is { Length: 1 } one ? one[0] : (byte)0;

    /// <summary>Any byte but zero is true.</summary>
    public bool ReadBool() => ReadByte() != 0;

    /// <summary>A length and as many bytes; length -1 is null; any other negative length is malformed.</summary>
    public JuteBytes ReadBytes()
    {
        var length = ReadInt();
        if (length == -1)
            return default;
        return length < 0 ? Fail() : new JuteBytes(Take(length));
    }

    /// <summary>Marks the input as malformed, for checks above the encoding.</summary>
    public JuteBytes Fail()
    {
        Malformed = true;
        _rest = default;
        return default;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length || Malformed)
        {
            Fail();
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
