using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Quoll.Server.Config;

namespace Quoll.Server.Peers;

/// <summary>This server's two ports for the others: one for elections, one on which a leader serves its learners.</summary>
internal sealed class PeerPorts : IAsyncDisposable
{
    private readonly QuorumSettings _settings;
    private readonly ILogger _logger;
    private readonly Dialer _dialer;
    private readonly ElectionPort _election;

    public PeerPorts(ServerConfig config, PeerLoop loop, DataDirectory directory, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger("Quoll.Server.Peers");
        _settings = config.Quorum;
        _dialer = new Dialer(_settings.ConnectTimeout, _settings.TcpKeepAlive, loggers);
        _election = new ElectionPort(_settings, loop, _dialer, _logger);
        Links = new PeerLinks(config, loop, _election, _dialer, new HistorySender(directory, config.Limits.MaxTxn, _logger), _logger);
    }

    public PeerLinks Links { get; }

    /// <summary>Opens both ports, at every address by which the others know this server.</summary>
    public void Listen(KestrelServerOptions kestrel)
    {
        foreach (var address in _settings.Self.Addresses)
        {
            Listen(kestrel, address.Host, address.QuorumPort, Links);
            Listen(kestrel, address.Host, address.ElectionPort, _election);
        }
    }

    /// <summary>Begins to connect to the others.</summary>
    public void Start() => _election.Start();

    public async ValueTask DisposeAsync()
    {
        await _election.DisposeAsync();
        Links.AbortAll();
        _dialer.Dispose();
    }

    private void Listen(KestrelServerOptions kestrel, string host, int port, ConnectionHandler handler)
    {
        var known = KeyKinds.TryReadAddress(host, out var address);
        if (!known)
            _logger.OwnAddressUnknown(host);
        if (_settings.ListenOnAllAddresses || address is null)
            kestrel.ListenAnyIP(port, Handle);
        else
            kestrel.Listen(new IPEndPoint(address, port), Handle);

        void Handle(ListenOptions listen) => listen.Run(handler.OnConnectedAsync);
    }
}
