using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Quoll.Core.Election;
using Quoll.Server.Config;

namespace Quoll.Server.Peers;

/// <summary>
/// This server's ports for the others: one for elections, one on which a leader serves its learners, and one on which a follower serves
/// observers, if that is wanted.
/// </summary>
internal sealed class PeerPorts : IAsyncDisposable
{
    private readonly QuorumSettings _settings;
    private readonly ILogger _logger;
    private readonly Dialer _dialer;
    private readonly IElectionPort _election;

    public PeerPorts(ServerConfig config, PeerLoop loop, DataDirectory directory, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger("Quoll.Server.Peers");
        _settings = config.Quorum;
        _dialer = new Dialer(_settings.ConnectTimeout, _settings.TcpKeepAlive);
        _election = _settings.ElectionAlg == ElectionAlgorithm.Basic
            ? new ElectionDatagrams(_settings, loop, _logger)
            : new ElectionPort(_settings, loop, _dialer, _logger);
        Links = new PeerLinks(config, loop, _election, _dialer, new HistorySender(directory, config.Limits.MaxTxn, _logger), _logger);
    }

    public PeerLinks Links { get; }

    /// <summary>Opens the ports, at every address by which the others know this server.</summary>
    public void Listen(KestrelServerOptions kestrel)
    {
        foreach (var address in _settings.Self.Addresses)
        {
            var at = AddressOf(address.Host);
            Listen(kestrel, at, address.QuorumPort, Links.OnConnectedAsync);
            if (_election is ElectionPort port)
                Listen(kestrel, at, address.ElectionPort, port.OnConnectedAsync);
            else
                ((ElectionDatagrams)_election).Open(at, address.QuorumPort);
        }

        // Its port is the same at all addresses, and an address may be there twice.
        if (_settings.ObserverMasterPort == 0 || _settings.Self.IsObserver)
            return;
        foreach (var host in HostsForObservers())
            Listen(kestrel, AddressOf(host), _settings.ObserverMasterPort, Links.OnObserverConnectedAsync);
    }

    /// <summary>Begins to connect to the others.</summary>
    public void Start() => _election.Start();

    public async ValueTask DisposeAsync()
    {
        await _election.DisposeAsync();
        Links.AbortAll();
        _dialer.Dispose();
    }

    private IEnumerable<string> HostsForObservers()
    {
        var hosts = _settings.Self.Addresses.Select(address => address.Host).Distinct();
        return _settings.ListenOnAllAddresses ? hosts.Take(1) : hosts;
    }

    /// <summary>Where to wait for the others; null for every address.</summary>
    private IPAddress? AddressOf(string host)
    {
        if (!KeyKinds.TryReadAddress(host, out var address))
            _logger.OwnAddressUnknown(host);
        return _settings.ListenOnAllAddresses ? null : address;
    }

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port, Func<ConnectionContext, Task> handle)
    {
        if (address is null)
            kestrel.ListenAnyIP(port, Handle);
        else
            kestrel.Listen(new IPEndPoint(address, port), Handle);

        void Handle(ListenOptions listen) => listen.Run(handle);
    }
}
