namespace Quoll.Testing.Hosting;

/// <summary>Bytes that have arrived and are not taken yet.</summary>
internal sealed class ByteQueue
{
    private byte[] _bytes = [];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _end < bytes.Length)
        {
            var larger = _bytes.Length - Length >= bytes.Length ? _bytes : new byte[Math.Max(_bytes.Length * 2, Length + bytes.Length)];
            Span.CopyTo(larger);
            (_bytes, _start, _end) = (larger, 0, Length);
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    public void RemoveFirst(int count)
    {
        _start += count;
        if (_start == _end)
            _start = _end = 0;
    }
}
