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

    public int ReadInt()
    {
        var rest = _rest;
        if (rest.Length < 4)
            return Fail().Length;
        _rest = rest[4..];
        return BinaryPrimitives.ReadInt32BigEndian(rest);
    }

    public long ReadLong()
    {
        var rest = _rest;
        if (rest.Length < 8)
            return Fail().Length;
        _rest = rest[8..];
        return BinaryPrimitives.ReadInt64BigEndian(rest);
    }

    public byte ReadByte()
    {
        var rest = _rest;
        if (rest.IsEmpty)
            return (byte)Fail().Length;
        _rest = rest[1..];
        return rest[0];
    }

    /// <summary>Any byte but zero is true.</summary>
    public bool ReadBool() => ReadByte() != 0;

    /// <summary>A length and as many bytes; length -1 is null; any other negative length is malformed.</summary>
    public JuteBytes ReadBytes()
    {
        var length = ReadInt();
        var rest = _rest;
        if ((uint)length > (uint)rest.Length)
            return length == -1 ? default : Fail();
        _rest = rest[length..];
        return Malformed ? default : new JuteBytes(rest[..length]);
    }

    /// <summary>Marks the input as malformed, for checks above the encoding; nothing is left to read.</summary>
    public JuteBytes Fail()
    {
        Malformed = true;
        _rest = default;
        return default;
    }
}
