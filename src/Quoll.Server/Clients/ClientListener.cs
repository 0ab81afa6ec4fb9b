using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Server.Admin;
using Quoll.Server.Config;

namespace Quoll.Server.Clients;

/// <summary>Takes connections of the client port, within the limits, and tells four-letter words from clients.</summary>
internal sealed class ClientListener(ServerConfig config, PeerLoop loop, FourLetterWords words, ILogger logger) : ConnectionHandler
{
    private readonly ConcurrentDictionary<string, int> _byAddress = new();
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new();
    private readonly ConcurrentDictionary<ConnectionContext, Instant> _ending = new();

    public int Open => _open.Count;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var address = AddressOf(connection.RemoteEndPoint);
        var fromHere = _byAddress.AddOrUpdate(address, 1, static (_, count) => count + 1);
        _open.TryAdd(connection, 0);
        words.Counters.ConnectionRequests++;
        try
        {
            var limits = config.Limits;
            if (limits.ConnectionsPerAddress > 0 && fromHere > limits.ConnectionsPerAddress)
                Refuse(connection, address, $"it has {limits.ConnectionsPerAddress} already (maxClientCnxns)");
            else if (limits.Connections > 0 && Open > limits.Connections)
                Refuse(connection, address, $"there are {limits.Connections} already (maxCnxns)");
            else
                await ServeAsync(connection, address);
        }
        finally
        {
            _ending.TryAdd(connection, PeerLoop.Now);
            _open.TryRemove(connection, out _);
            if (_byAddress.AddOrUpdate(address, 0, static (_, count) => count - 1) == 0)
                _byAddress.TryRemove(new KeyValuePair<string, int>(address, 0));
        }
    }

    /// <summary>Ends all connections: the server stops.</summary>
    public void AbortAll()
    {
        foreach (var connection in _open.Keys.Concat(_ending.Keys))
            connection.Abort();
    }

    /// <summary>
    /// Kestrel keeps a socket until its last words are sent: for ever, where a client does not take them. They get as long as a
    /// connection without a session.
    /// </summary>
    public void EndThoseWhoLinger()
    {
        foreach (var (connection, since) in _ending)
        {
            var late = PeerLoop.Now - since > config.Ticks.SessionlessTimeout.TotalMilliseconds;
            if (late)
                connection.Abort();
            if (late || SocketOf(connection) is not { SafeHandle.IsClosed: false })
                _ending.TryRemove(connection, out _);
        }
    }

    private static string AddressOf(EndPoint? endPoint)
    {
        if (endPoint is not IPEndPoint { Address: var address })
            return "127.0.0.1";   // a connection within the process
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static void KeepAlive(ConnectionContext connection) =>
        SocketOf(connection)?.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);

    private static Socket? SocketOf(ConnectionContext connection) => connection.Features.Get<IConnectionSocketFeature>()?.Socket;

    private void Refuse(ConnectionContext connection, string address, string reason)
    {
        words.Counters.ConnectionsRejected++;
        logger.ConnectionRefused(address, reason);
        connection.Abort();
    }

    private async Task ServeAsync(ConnectionContext connection, string address)
    {
        if (config.Listen.TcpKeepAlive)
            KeepAlive(connection);
        var input = connection.Transport.Input;
        using var patience = new CancellationTokenSource(config.Ticks.SessionlessTimeout);
        ReadOnlySequence<byte> first;
        try
        {
            var result = await input.ReadAtLeastAsync(4, patience.Token);
            first = result.Buffer;
            if (first.Length < 4)
                return;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return;   // it said nothing in time, or went away
        }

        patience.CancelAfter(Timeout.InfiniteTimeSpan);
        if (FourLetterWords.NameOf(CodeOf(first)) is { } word)
        {
            // Written and not waited for: whoever asks for much and does not read it lingers, and is ended like others who do.
            var answer = await words.AnswerAsync(word, first.Slice(4), loop);
            connection.Transport.Output.Write(answer.Span);
            return;
        }

        await new ClientConnection(connection, loop, address, config.Limits.MaxFrame).RunAsync(first);
    }

    private static int CodeOf(ReadOnlySequence<byte> bytes)
    {
        Span<byte> four = stackalloc byte[4];
        bytes.Slice(0, 4).CopyTo(four);
        return BinaryPrimitives.ReadInt32BigEndian(four);
    }
}
