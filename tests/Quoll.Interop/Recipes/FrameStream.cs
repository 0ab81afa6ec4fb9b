using System.Buffers.Binary;
using System.Collections.Concurrent;
using Quoll.Protocol;

namespace Quoll.Interop.Recipes;

/// <summary>A connection seen as frames.</summary>
internal sealed class FrameStream(Stream inner, FaultyWire wire) : Stream
{
    private readonly ConcurrentDictionary<int, (OpCode Kind, bool IsLost)> _asked = [];
    private readonly List<byte> _sending = [];
    private ReadOnlyMemory<byte> _unread;
    private bool _hasGreeted;
    private bool _isGreeted;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_unread.IsEmpty && !await ReadFrameAsync(cancellationToken))
            return 0;
        var count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _sending.AddRange(buffer.Span);
        while (_sending.Count >= 4)
        {
            var bytes = _sending.ToArray();
            var length = 4 + BinaryPrimitives.ReadInt32BigEndian(bytes);
            if (bytes.Length < length)
                break;
            OnRequest(bytes.AsSpan(4, length - 4));
            _sending.RemoveRange(0, length);
        }

        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private void OnRequest(ReadOnlySpan<byte> frame)
    {
        if (!_hasGreeted)
        {
            _hasGreeted = true;
            return;
        }

        var kind = (OpCode)BinaryPrimitives.ReadInt32BigEndian(frame[4..]);
        _asked[BinaryPrimitives.ReadInt32BigEndian(frame)] = (kind, wire.OnSent(kind));
    }

    private async ValueTask<bool> ReadFrameAsync(CancellationToken cancellation)
    {
        var header = new byte[4];
        if (await inner.ReadAtLeastAsync(header, 4, throwOnEndOfStream: false, cancellation) < 4)
            return false;
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
        await inner.ReadExactlyAsync(frame, cancellation);
        var passed = frame;
        if (_isGreeted)
        {
            var isAnswer = _asked.TryRemove(BinaryPrimitives.ReadInt32BigEndian(frame), out var asked);
            passed = asked.IsLost ? null : wire.Deliver(isAnswer ? asked.Kind : null, frame);
        }

        _isGreeted = true;
        if (passed is null)
        {
            await inner.DisposeAsync();
            return false;
        }

        BinaryPrimitives.WriteInt32BigEndian(header, passed.Length);
        _unread = (byte[])[.. header, .. passed];
        return true;
    }
}
