using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Quoll.Differential;

/// <summary>
/// Stands before a server and flips the last bit of its replies to one request type: a tester that sees nothing is broken.
/// </summary>
internal sealed class ReplyCorruptor : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Endpoint _server;
    private readonly int _type;

    private ReplyCorruptor(Endpoint server, int type) => (_server, _type) = (server, type);

    public Endpoint Endpoint => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    public static ReplyCorruptor Start(Endpoint server, int type)
    {
        var corruptor = new ReplyCorruptor(server, type);
        corruptor._listener.Start();
        _ = corruptor.AcceptAsync();
        return corruptor;
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        await far.ConnectAsync(_server.Host, _server.Port);
        var asked = new ConcurrentDictionary<int, bool>();
        await Task.WhenAll(
            CopyAsync(near.GetStream(), far, frame => Note(frame, asked)),
            CopyAsync(far.GetStream(), near, frame => Corrupt(frame, asked)));
    }

    private void Note(byte[] frame, ConcurrentDictionary<int, bool> asked)
    {
        if (frame.Length >= 12 && BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(8)) == _type)
            asked[BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4))] = true;
    }

    private static void Corrupt(byte[] frame, ConcurrentDictionary<int, bool> asked)
    {
        if (frame.Length >= 8 && asked.TryRemove(BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4)), out _))
            frame[^1] ^= 1;
    }

    private static async Task CopyAsync(NetworkStream from, TcpClient to, Action<byte[]> look)
    {
        try
        {
            var head = new byte[4];
            while (await from.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false) == 4)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(head);
                var frame = new byte[4 + (length is > 0 and < 1 << 20 ? length : 0)];
                head.CopyTo(frame, 0);
                await from.ReadExactlyAsync(frame.AsMemory(4));
                look(frame);
                await to.GetStream().WriteAsync(frame);
            }

            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception closed) when (closed is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One end went away; the other is closed with it.
            to.Dispose();
        }
    }
}
