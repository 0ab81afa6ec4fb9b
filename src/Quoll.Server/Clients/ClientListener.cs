using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Quoll.Server.Admin;
using Quoll.Server.Config;

namespace Quoll.Server.Clients;

/// <summary>Takes connections of the client port, within the limits, and tells four-letter words from clients.</summary>
internal sealed class ClientListener(ServerConfig config, PeerLoop loop, FourLetterWords words, ILogger logger) : ConnectionHandler
{
    private readonly ConcurrentDictionary<string, int> _byAddress = new();
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new();

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
            _open.TryRemove(connection, out _);
            if (_byAddress.AddOrUpdate(address, 0, static (_, count) => count - 1) == 0)
                _byAddress.TryRemove(new KeyValuePair<string, int>(address, 0));
        }
    }

    /// <summary>Ends all connections: the server stops.</summary>
    public void AbortAll()
    {
        foreach (var connection in _open.Keys)
            connection.Abort();
    }

    private static string AddressOf(EndPoint? endPoint)
    {
        if (endPoint is not IPEndPoint { Address: var address })
            return "127.0.0.1";   // a connection within the process
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static void KeepAlive(ConnectionContext connection) =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket
            .SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);

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
            var answer = await words.AnswerAsync(word, first.Slice(4), loop);
            connection.Transport.Output.Write(answer.Span);
            await connection.Transport.Output.FlushAsync();
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
