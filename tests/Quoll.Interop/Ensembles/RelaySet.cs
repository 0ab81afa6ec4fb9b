using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Stands between servers, and passes on what they say: late, or slowly.</summary>
internal sealed class RelaySet : IAsyncDisposable
{
    private const int Chunk = 16 * 1024;
    private readonly Dictionary<IPEndPoint, TcpListener> _listeners = [];
    private readonly ConcurrentDictionary<IPEndPoint, MemoryStream> _heard = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>How long each byte is under way.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How many bytes a second go through a connection, each way.</summary>
    public int BytesPerSecond { get; set; } = int.MaxValue;

    /// <summary>The port on loopback that leads to a server's.</summary>
    public int To(IPEndPoint server)
    {
        if (!_listeners.TryGetValue(server, out var listener))
        {
            _listeners[server] = listener = new TcpListener(IPAddress.Loopback, LoopbackPorts.Free());
            listener.Start();
            _ = AcceptAsync(listener, server);
        }

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>What was first said to a server on the connection made to it last.</summary>
    public byte[] Heard(IPEndPoint server)
    {
        var heard = _heard[server];
        lock (heard)
            return heard.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var listener in _listeners.Values)
            listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, IPEndPoint server)
    {
        try
        {
            while (true)
                _ = RelayAsync(await listener.AcceptSocketAsync(_stop.Token), server);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It is over.
        }
    }

    private async Task RelayAsync(Socket caller, IPEndPoint server)
    {
        using var called = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (caller)
        {
            caller.NoDelay = true;
            try
            {
                await called.ConnectAsync(server, _stop.Token);
                await Task.WhenAll(PumpAsync(caller, called, _heard[server] = new MemoryStream()), PumpAsync(called, caller));
            }
            catch (Exception e) when (IsEnd(e))
            {
                // The end of one is the end of the other.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, MemoryStream? heard = null)
    {
        // Bounded: a slow receiver slows the sender.
        var underway = Channel.CreateBounded<(byte[] Bytes, DateTime Due)>(256);
        var sending = SendAsync(underway.Reader, to);
        var buffer = new byte[Chunk];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
            {
                Note(heard, buffer.AsSpan(0, read));
                await underway.Writer.WriteAsync((buffer[..read], DateTime.UtcNow + Delay), _stop.Token);
            }
        }
        finally
        {
            underway.Writer.Complete();
            await sending;
        }
    }

    private async Task SendAsync(ChannelReader<(byte[] Bytes, DateTime Due)> underway, Socket to)
    {
        var free = DateTime.MinValue;
        await foreach (var (bytes, due) in underway.ReadAllAsync(_stop.Token))
        {
            var at = due > free ? due : free;
            if (at - DateTime.UtcNow is { Ticks: > 0 } wait)
                await Task.Delay(wait, _stop.Token);
            await to.SendAsync(bytes, _stop.Token);
            free = DateTime.UtcNow + TimeSpan.FromSeconds((double)bytes.Length / BytesPerSecond);
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private static void Note(MemoryStream? heard, ReadOnlySpan<byte> bytes)
    {
        if (heard is null)
            return;
        lock (heard)
        {
            if (heard.Length < Chunk)
                heard.Write(bytes);
        }
    }

    private static bool IsEnd(Exception e) => e is SocketException or OperationCanceledException or ObjectDisposedException;
}
