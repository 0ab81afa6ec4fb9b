using System.Buffers;
using System.Buffers.Binary;

namespace Quoll.Protocol.Jute;

/// <summary>
/// Writes jute's encoding into a buffer writer. It works in a span taken from the buffer and hands the bytes over in
/// <see cref="Commit"/>, which the caller must not forget: nothing written before it counts.
/// </summary>
public ref struct JuteWriter(IBufferWriter<byte> output)
{
    private Span<byte> _span;
    private int _used;
    private long _committed;

    /// <summary>Bytes written so far, committed or not.</summary>
    public readonly long Written => _committed + _used;

    public void WriteInt(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(4), value);
        _used += 4;
    }

    public void WriteLong(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Room(8), value);
        _used += 8;
    }

    public void WriteByte(byte value)
    {
        Room(1)[0] = value;
        _used++;
    }

    public void WriteBool(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    public void WriteBytes(scoped JuteBytes bytes)
    {
        WriteInt(bytes.IsNull ? -1 : bytes.Length);
        WriteRaw(bytes.Span);
    }

    /// <summary>Room for fields of fixed size that follow each other; the caller fills all of it.</summary>
    public Span<byte> Fixed(int count)
    {
        var room = Room(count)[..count];
        _used += count;
        return room;
    }

    /// <summary>Bytes as they are, without a length.</summary>
    public void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _used += bytes.Length;
    }

    public void Write<T>(scoped in T record)
        where T : IJuteRecord<T>, allows ref struct => record.Write(ref this);

    /// <summary>Hands what was written to the output.</summary>
    public void Commit()
    {
        if (_used == 0)
            return;
        output.Advance(_used);
        _committed += _used;
        _used = 0;
        _span = default;
    }

    private Span<byte> Room(int count)
    {
        if (_span.Length - _used < count)
        {
            Commit();
            _span = output.GetSpan(Math.Max(count, 256));
        }

        return _span[_used..];
    }
}
