using System.Buffers.Binary;
using System.Net.Sockets;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;

namespace Quoll.Interop.Recipes;

/// <summary>
/// A client whose connection breaks at a chosen moment: after the server has answered a request, and before the client has read that.
/// </summary>
internal sealed class LostReply
{
    private readonly Lock _gate = new();
    private OpCode? _armed;

    private TaskCompletionSource _dialling = Open();

    /// <summary>How many replies were lost.</summary>
    public int Count { get; private set; }

    /// <summary>The reply to the next request of this kind is lost, with the connection.</summary>
    public void Arm(OpCode opCode)
    {
        lock (_gate)
            _armed = opCode;
    }

    /// <summary>From now on no new connection comes about.</summary>
    public void Hold() => _dialling = new TaskCompletionSource();

    /// <summary>Ends <see cref="Hold"/>.</summary>
    public void LetGo() => _dialling.SetResult();

    public async Task<ZooKeeperClient> ConnectAsync(RecipeServers servers, ServerKind kind, string root) =>
        await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = await servers.AddressesAsync(kind) + root,
            SessionTimeout = TimeSpan.FromSeconds(10),
            Connect = DialAsync,
        });

    private async ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation)
    {
        await _dialling.Task.WaitAsync(cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new Tapped(this, new NetworkStream(socket, ownsSocket: true));
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private bool TakeArmed(int opCode)
    {
        lock (_gate)
        {
            if (_armed is not { } armed || (int)armed != opCode)
                return false;
            _armed = null;
            Count++;
            return true;
        }
    }

    /// <summary>Hands over one whole frame after the other, and looks into them.</summary>
    private sealed class Tapped(LostReply faults, Stream inner) : Stream
    {
        private const int NoXid = int.MinValue;
        private volatile int _doomed = NoXid;
        private bool _isGreeted;
        private byte[] _frame = [];
        private int _given;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The client writes whole frames; the first is the greeting.
            for (var rest = buffer; rest.Length > 0; rest = rest[(4 + BinaryPrimitives.ReadInt32BigEndian(rest.Span))..])
            {
                if (_isGreeted && faults.TakeArmed(BinaryPrimitives.ReadInt32BigEndian(rest.Span[8..])))
                    _doomed = BinaryPrimitives.ReadInt32BigEndian(rest.Span[4..]);
                _isGreeted = true;
            }

            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_given == _frame.Length)
            {
                var length = new byte[4];
                await inner.ReadExactlyAsync(length, cancellationToken);
                _frame = [.. length, .. new byte[BinaryPrimitives.ReadInt32BigEndian(length)]];
                _given = 0;
                await inner.ReadExactlyAsync(_frame.AsMemory(4), cancellationToken);
                if (_doomed != NoXid && BinaryPrimitives.ReadInt32BigEndian(_frame.AsSpan(4)) == _doomed)
                    throw new IOException("the connection broke");
            }

            var count = Math.Min(buffer.Length, _frame.Length - _given);
            _frame.AsMemory(_given, count).CopyTo(buffer);
            _given += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
