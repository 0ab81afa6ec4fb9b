using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Quoll.Server.Clients;

namespace Quoll.Server.Peers;

/// <summary>Connects to other servers. Names are resolved anew each time; of several addresses the first that answers is taken.</summary>
internal sealed class Dialer(TimeSpan timeout, bool keepAlive) : IDisposable
{
    private readonly SocketBufferPool _buffers = new();

    /// <summary>The connection, or why there is none.</summary>
    public async Task<(ConnectionContext? Connection, string Why)> ConnectAsync(IEnumerable<(string Host, int Port)> addresses)
    {
        using var patience = new CancellationTokenSource(timeout);
        var attempts = addresses.Select(address => TryAsync(address.Host, address.Port, patience.Token)).ToList();
        Socket? first = null;
        var whys = new List<string>();
        while (attempts.Count > 0)
        {
            var done = await Task.WhenAny(attempts);
            attempts.Remove(done);
            var (socket, why) = await done;
            if (socket is null)
            {
                whys.Add(why);
            }
            else if (first is null)
            {
                first = socket;
                await patience.CancelAsync();
            }
            else
            {
                socket.Dispose();
            }
        }

        return first is null ? (null, string.Join("; ", whys)) : (new DialedConnection(first, _buffers), "");
    }

    public void Dispose() => _buffers.Dispose();

    private async Task<(Socket? Socket, string Why)> TryAsync(string host, int port, CancellationToken patience)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (keepAlive)
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            EndPoint to = IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
            await socket.ConnectAsync(to, patience);
            return (socket, "");
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return (null, e is SocketException ? $"{host}:{port}: {e.Message}" : $"{host}:{port} did not answer in time");
        }
    }
}
