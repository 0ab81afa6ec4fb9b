using System.Buffers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Server.Config;
using Member = Quoll.Core.Quorum.Member;

namespace Quoll.Server.Peers;

/// <summary>
/// The connections by which servers elect a leader (<c>QuorumCnxManager</c>): one between any two, made by the server with the larger
/// number. The other one knocks: it connects, says who it is and goes, so that it is called back.
/// </summary>
internal sealed class ElectionPort : ConnectionHandler, IElectionPort
{
    /// <summary>Connections that have not said whose they are; no ensemble has as many.</summary>
    private const int MostNewcomers = 512;

    /// <summary>Servers that no list has, or that have no number.</summary>
    private const int MostStrangers = 64;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);
    private readonly QuorumSettings _settings;
    private readonly PeerLoop _loop;
    private readonly Dialer _dialer;
    private readonly ILogger _logger;
    private readonly byte[] _initialMessage;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ElectionConnection> _connections = [];
    private readonly Dictionary<long, byte[]> _lastWords = [];
    private readonly Dictionary<long, SemaphoreSlim> _knocks = [];
    private readonly CancellationTokenSource _stop = new();
    private long _anonymous;
    private int _newcomers;

    public ElectionPort(QuorumSettings settings, PeerLoop loop, Dialer dialer, ILogger logger)
    {
        _settings = settings;
        _loop = loop;
        _dialer = dialer;
        _logger = logger;
        _initialMessage = new InitialMessage(settings.ServerId, settings.Self.Addresses[0].ForElections).ToBytes();
    }

    public void Start()
    {
        foreach (var member in _settings.Ensemble!.Members.Values.Where(member => member.Id != _settings.ServerId))
        {
            _knocks[member.Id] = new SemaphoreSlim(0, 1);
            _ = KeepConnectedAsync(member, _stop.Token);
        }
    }

    /// <summary>Says something to a server, now or once there is a connection; what it says next takes its place.</summary>
    public void Take(in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        var (server, message) = (effect.Server, bytes.ToArray());
        ElectionConnection? connection;
        lock (_gate)
        {
            if (_connections.TryGetValue(server, out connection) || !IsStranger(server))
                _lastWords[server] = message;
        }

        connection?.Send(message);
    }

    /// <summary>Another server has connected to the election port.</summary>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (await GreetAsync(connection) is not { } message)
            return;
        var server = message.Server;
        if (server == InitialMessage.Anonymous)
            server = Interlocked.Decrement(ref _anonymous);
        if (server == _settings.ServerId)
        {
            _logger.PeerRefused(RemoteOf(connection), $"it says it is server {server}, which is this one: two servers have one number");
        }
        else if (server > _settings.ServerId || server < 0)
        {
            await RunAsync(server, connection);
        }
        else if (_settings.Ensemble!.Members.ContainsKey(server))
        {
            connection.Abort();
            Wake(server);
        }
        else
        {
            _logger.PeerRefused(RemoteOf(connection), $"it says it is server {server}, and the configuration has no such server");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        List<ElectionConnection> open;
        lock (_gate)
        {
            open = [.. _connections.Values];
        }

        foreach (var connection in open)
            connection.Abort();
    }

    private static string RemoteOf(ConnectionContext connection) => connection.RemoteEndPoint?.ToString() ?? "";

    private async Task<InitialMessage?> GreetAsync(ConnectionContext connection)
    {
        try
        {
            if (Interlocked.Increment(ref _newcomers) <= MostNewcomers)
                return await ReadInitialMessageAsync(connection);
            _logger.PeerRefused(RemoteOf(connection), $"{MostNewcomers} others have not said who they are");
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _newcomers);
        }
    }

    private async Task<InitialMessage?> ReadInitialMessageAsync(ConnectionContext connection)
    {
        using var patience = new CancellationTokenSource(_settings.ConnectTimeout);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(patience.Token);
                if (!InitialMessage.TryRead(result.Buffer.ToArray(), out var message, out var length))
                {
                    _logger.PeerRefused(RemoteOf(connection), "what it says first is not what a ZooKeeper server says");
                    return null;
                }

                input.AdvanceTo(result.Buffer.GetPosition(length), length > 0 ? result.Buffer.GetPosition(length) : result.Buffer.End);
                if (length > 0)
                    return message;
                if (result.IsCompleted)
                    return null;
            }
        }
        catch (OperationCanceledException)
        {
            _logger.PeerRefused(RemoteOf(connection), "it has not said in time who it is");
            return null;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return null;   // it went away
        }
    }

    private async Task KeepConnectedAsync(Member member, CancellationToken stop)
    {
        var retry = FirstRetry;
        var pause = FirstRetry;
        var said = false;
        while (!stop.IsCancellationRequested)
        {
            if (!IsConnected(member.Id))
            {
                var (connection, why) = await _dialer.ConnectAsync(
                    member.Addresses.Select(address => (address.Host, address.ElectionPort)));
                if (connection is null && !said)
                    _logger.PeerNotReached(member.Id, why);
                said = connection is null;
                if (connection is not null)
                {
                    var begun = PeerLoop.Now;
                    await using (connection)
                        await UseAsync(member.Id, connection);
                    retry = FirstRetry;

                    // Where two servers have one number, each ends the other's connections: they must not do so without a pause.
                    pause = PeerLoop.Now - begun > LastRetry.TotalMilliseconds ? FirstRetry : Longer(pause);
                    if (member.Id < _settings.ServerId)
                        await PauseAsync(pause, stop);
                }
            }

            // A knock is answered at once.
            retry = await WaitAsync(member.Id, retry, stop) ? FirstRetry : Longer(retry);
        }
    }

    private async Task UseAsync(long server, ConnectionContext connection)
    {
        try
        {
            await connection.Transport.Output.WriteAsync(_initialMessage);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            return;
        }

        if (server > _settings.ServerId)
            await connection.Transport.Output.CompleteAsync();
        else
            await RunAsync(server, connection);
    }

    private async Task RunAsync(long server, ConnectionContext context)
    {
        var connection = new ElectionConnection(server, context);
        ElectionConnection? replaced;
        byte[]? lastWords;
        lock (_gate)
        {
            _connections.Remove(server, out replaced);
            if (replaced is null && IsStranger(server) && _connections.Keys.Count(IsStranger) >= MostStrangers)
            {
                _logger.PeerRefused(RemoteOf(context), $"it says it is server {server}: {MostStrangers} others are no members either");
                return;
            }

            _connections[server] = connection;
            _lastWords.TryGetValue(server, out lastWords);
        }

        if (server >= 0 && IsStranger(server))
            _logger.ElectionStranger(server, connection.Remote);
        if (replaced is not null)
            _logger.ElectionReplaced(server, connection.Remote, replaced.Remote);
        replaced?.Abort();
        _logger.ElectionConnected(server, RemoteOf(context));
        _loop.Tell(peer => peer.OnReachable(server, true));
        if (lastWords is not null)
            connection.Send(lastWords);
        if (await connection.RunAsync(message => _loop.TellAsync(peer => peer.OnNotification(server, message))) is { } fault)
            _logger.PeerRefused(connection.Remote, $"server {server} says {fault}");
        if (!TryRemove(connection))
            return;
        _logger.ElectionDisconnected(server);
        _loop.Tell(peer => peer.OnReachable(server, false));
        Wake(server);
    }

    // False if another has taken its place.
    private bool TryRemove(ElectionConnection connection)
    {
        lock (_gate)
        {
            if (!((ICollection<KeyValuePair<long, ElectionConnection>>)_connections).Remove(new(connection.Server, connection)))
                return false;

            // Whoever comes next under that number may be somebody else: there is no end to them.
            if (IsStranger(connection.Server))
                _lastWords.Remove(connection.Server);
            return true;
        }
    }

    private bool IsStranger(long server) => !_settings.Ensemble!.Members.ContainsKey(server);

    private bool IsConnected(long server)
    {
        lock (_gate)
        {
            return _connections.ContainsKey(server);
        }
    }

    private void Wake(long server)
    {
        lock (_gate)
        {
            if (_knocks.TryGetValue(server, out var knock) && knock.CurrentCount == 0)
                knock.Release();
        }
    }

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < LastRetry ? wait * 2 : LastRetry;

    private async Task<bool> WaitAsync(long server, TimeSpan atMost, CancellationToken stop)
    {
        try
        {
            return await _knocks[server].WaitAsync(atMost, stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, stop);
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }
}
