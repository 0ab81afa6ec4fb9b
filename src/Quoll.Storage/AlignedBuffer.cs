using System.Runtime.InteropServices;

namespace Quoll.Storage;

/// <summary>Bytes on their way to a disk, in memory that a disk may read by itself: it does not move, and begins at a page.</summary>
internal sealed class AlignedBuffer
{
    public const int Alignment = 4096;
    private byte[] _bytes = [];
    private int _start;
    private int _capacity;

    public AlignedBuffer(int capacity) => Allocate(capacity);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(_start, Length);

    /// <summary>Adds so many bytes, whose content is up to the caller.</summary>
    public Span<byte> Append(int count)
    {
        if (_capacity - Length < count)
            Allocate(Math.Max(_capacity * 2, Length + count));
        Length += count;
        return _bytes.AsSpan(_start + Length - count, count);
    }

    /// <summary>Takes back what was added after <paramref name="length"/>.</summary>
    public void TruncateTo(int length) => Length = length;

    /// <summary>Forgets the first bytes; what follows moves to the beginning.</summary>
    public void RemoveFirst(int count)
    {
        _bytes.AsSpan(_start + count, Length - count).CopyTo(_bytes.AsSpan(_start));
        Length -= count;
    }

    private void Allocate(int capacity)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(capacity + Alignment, pinned: true);
        var address = (long)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0);
        var start = (int)(-address & (Alignment - 1));
        Written.CopyTo(bytes.AsSpan(start));
        (_bytes, _start, _capacity) = (bytes, start, capacity);
    }
}
