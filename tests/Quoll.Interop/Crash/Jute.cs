using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quoll.Interop.Crash;

/// <summary>Builds a request's bytes. Written apart from the server's codec, so that the two cannot share a mistake.</summary>
internal sealed class JuteBuilder
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public JuteBuilder Int(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        _bytes.Write(four);
        return this;
    }

    public JuteBuilder Long(long value) => Int((int)(value >> 32)).Int((int)value);

    public JuteBuilder Bool(bool value)
    {
        _bytes.Write([value ? (byte)1 : (byte)0]);
        return this;
    }

    public JuteBuilder Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public JuteBuilder Buffer(ReadOnlySpan<byte> value)
    {
        Int(value.Length);
        _bytes.Write(value);
        return this;
    }

    public JuteBuilder String(string value) => Buffer(Encoding.UTF8.GetBytes(value));

    /// <summary>A list of one: everybody may do everything.</summary>
    public JuteBuilder OpenAcl() => Int(1).Int(31).String("world").String("anyone");

    public byte[] ToPayload() => _bytes.WrittenSpan.ToArray();

    /// <summary>The bytes with their length in front.</summary>
    public byte[] ToFrame() => new JuteBuilder().Buffer(_bytes.WrittenSpan).ToPayload();
}

/// <summary>Reads a reply's bytes.</summary>
internal ref struct JuteParser(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public int Int() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Long() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public ReadOnlySpan<byte> Buffer() => Take(Math.Max(Int(), 0));

    public string String() => Encoding.UTF8.GetString(Buffer());

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
