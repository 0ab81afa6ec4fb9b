using System.Buffers;
using System.IO.Pipelines;

namespace Quoll.Testing.Hosting;

/// <summary>The client's side of a connection. It reads and writes as a socket's stream does, and fails as one does.</summary>
internal sealed class ClientStream(EventLoop loop, ClientConnection connection) : Stream
{
    private int _disposed;

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
        ThrowIfDisposed();
        ReadResult result;
        try
        {
            result = await connection.Output.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            throw ClientConnection.ConnectionReset();   // each reader has his own
        }

        ThrowIfDisposed();
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var read = result.Buffer.Slice(0, count);
        read.CopyTo(buffer.Span);
        connection.Output.AdvanceTo(read.End);
        if (count > 0)
            loop.Do(() => connection.OnRead(count));
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        var bytes = buffer.ToArray();
        var wasClosed = true;
        loop.Do(() =>
        {
            wasClosed = connection.IsClosed;
            connection.OnWritten(bytes);
        });
        if (wasClosed)
            throw ClientConnection.ConnectionReset();
        if (loop.Ask(() => connection.IsFull))
            await loop.WaitAsync(() => !connection.IsFull, cancellationToken).ConfigureAwait(false);
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Nothing is kept back.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            loop.Do(connection.OnClosedByClient);
            connection.Output.CancelPendingRead();
        }

        base.Dispose(disposing);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed != 0, this);
}
