using System.Buffers.Binary;
using System.Net.Sockets;

namespace Quoll.Differential.Running;

internal enum Arrival
{
    Frame,
    Closed,
    Silence,
}

/// <summary>A TCP connection that reads whole frames and never throws for what a server may do.</summary>
internal sealed class RawConnection : IDisposable
{
    // No reply of a sequence is near this; a larger length word is garbage and counts as a close.
    private const int MaxFrame = 64 << 20;

    private readonly Socket _socket;
    private byte[] _buffer = new byte[8192];
    private int _start;
    private int _end;

    private RawConnection(Socket socket) => _socket = socket;

    public static async Task<RawConnection?> OpenAsync(Endpoint endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port);
            return new RawConnection(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            await _socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The other end is gone; the next read says so.
        }
    }

    /// <summary>Tells the server that no more comes. It answers by closing, and by then it has dropped the connection's watches.</summary>
    public void FinishSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Already closed from the other side.
        }
    }

    public async Task<(Arrival Arrival, byte[] Payload)> ReadAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            if (!await FillAsync(4, limit.Token))
                return (Arrival.Closed, []);

            var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
            if (length is < 0 or > MaxFrame || !await FillAsync(length + 4, limit.Token))
                return (Arrival.Closed, []);

            var payload = _buffer.AsSpan(_start + 4, length).ToArray();
            _start += length + 4;
            return (Arrival.Frame, payload);
        }
        catch (OperationCanceledException)
        {
            return (Arrival.Silence, []);
        }
        catch (SocketException)
        {
            return (Arrival.Closed, []);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync(int count, CancellationToken cancel)
    {
        if (_buffer.Length - _start < count)
        {
            var larger = _buffer.Length < count ? new byte[count] : _buffer;
            Buffer.BlockCopy(_buffer, _start, larger, 0, _end - _start);
            (_buffer, _end, _start) = (larger, _end - _start, 0);
        }

        while (_end - _start < count)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancel);
            if (read == 0)
                return false;

            _end += read;
        }

        return true;
    }
}
