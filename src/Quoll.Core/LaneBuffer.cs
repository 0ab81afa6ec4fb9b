using System.Buffers;
using System.Buffers.Binary;

namespace Quoll.Core;

/// <summary>Bytes on their way out, in one array that grows and is used again.</summary>
public sealed class LaneBuffer : IBufferWriter<byte>
{
    private const int KeptCapacity = 4 * 1024 * 1024;
    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    /// <summary>Writes a number over bytes written before.</summary>
    public void Patch(int offset, int value) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(offset), value);

    /// <summary>Takes back what was written after <paramref name="length"/>.</summary>
    public void TruncateTo(int length) => Length = length;

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > KeptCapacity)
            _bytes = new byte[4096];
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max((long)_bytes.Length * 2, Length + (long)count), Array.MaxLength));
    }
}
