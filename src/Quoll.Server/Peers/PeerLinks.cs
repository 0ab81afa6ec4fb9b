using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Core.Zab;
using Quoll.Server.Config;

namespace Quoll.Server.Peers;

/// <summary>
/// Carries out what the peer wants said to other servers. Its quorum port takes connections; others are made when the peer asks for them.
/// Everything but the connecting happens on the loop.
/// </summary>
internal sealed class PeerLinks : ConnectionHandler
{
    /// <summary>Connections that may be open; no ensemble has as many, whatever else comes is refused.</summary>
    private const int MostLinks = 512;

    private const int LargestHeader = 128 * 1024;
    private readonly QuorumSettings _settings;
    private readonly PeerLoop _loop;
    private readonly IElectionPort _election;
    private readonly Dialer _dialer;
    private readonly ILogger _logger;
    private readonly List<PeerLink> _links = [];
    private readonly List<PeerLink> _touched = [];
    private int _open;

    public PeerLinks(ServerConfig config, PeerLoop loop, IElectionPort election, Dialer dialer, HistorySender files, ILogger logger)
    {
        _settings = config.Quorum;
        _loop = loop;
        _election = election;
        _dialer = dialer;
        _logger = logger;
        Files = files;
        LargestPacket = config.Limits.MaxTxn + LargestHeader;
    }

    public HistorySender Files { get; }

    /// <summary>Bytes of a packet, at most: more than that of one link never waits.</summary>
    public int LargestPacket { get; }

    /// <summary>Another server has connected to the quorum port.</summary>
    public override Task OnConnectedAsync(ConnectionContext connection) => RunAsync(connection, (peer, link) => peer.OnLink(link));

    /// <summary>An observer has connected to the port for observers.</summary>
    public Task OnObserverConnectedAsync(ConnectionContext connection) =>
        RunAsync(connection, (peer, link) => peer.OnObserverLink(link));

    /// <summary>On the loop: does what the peer wants said.</summary>
    public void Take(PeerLane lane)
    {
        foreach (var effect in lane.Effects)
        {
            var bytes = lane.Bytes.Written.Slice(effect.Offset, effect.Length);
            if (effect.Kind is PeerEffectKind.Notify or PeerEffectKind.Ask or PeerEffectKind.Answer)
                _election.Take(effect, bytes);
            else if (effect.Kind is PeerEffectKind.Connect or PeerEffectKind.ConnectToObserverPort)
                Connect(effect.Link!, effect.Server, effect.Kind == PeerEffectKind.ConnectToObserverPort);
            else if (effect.Link!.Host is PeerLink link)
                Take(link, effect, bytes);
        }

        foreach (var link in _touched)
            link.Flush();
        _touched.Clear();
    }

    /// <summary>On the loop: an input that is about a link.</summary>
    public void Take(in Input input, QuorumPeer peer)
    {
        var link = (PeerLink)input.Subject!;
        switch (input.Kind)
        {
            case InputKind.LinkReceived:
                link.OnReceived(peer);
                break;
            case InputKind.LinkSent:
                link.OnSent(input.Value != 0);
                Touch(link);
                break;
            case InputKind.LinkEnded:
                _links.Remove(link);
                if (link is { ClosedByPeer: false, Link: { } known })
                    peer.OnLinkDown(known);
                link.OnEnded();
                break;
        }
    }

    /// <summary>On the loop, after each batch of inputs: what waited for the disk may be taken now.</summary>
    public void Retry(QuorumPeer peer)
    {
        foreach (var link in _links)
        {
            if (link.HasReceived)
                link.Feed(peer);
        }
    }

    /// <summary>On the loop, now and then: ends those whose last words nobody takes.</summary>
    public void OnTick()
    {
        foreach (var link in _links)
        {
            if (link.ClosedByPeer && PeerLoop.Now - link.ClosingSince > _settings.ConnectTimeout.TotalMilliseconds)
                link.Abort();
        }
    }

    /// <summary>Ends all connections: the server stops.</summary>
    public void AbortAll() => _loop.Tell(_ =>
    {
        foreach (var link in _links)
            link.Abort();
    });

    /// <summary>On the loop: a server that does not take what it is sent.</summary>
    public void OnCutOff(PeerLink link) => _logger.PeerCutOff(link.Remote);

    private async Task RunAsync(ConnectionContext connection, Func<QuorumPeer, PeerLink, Link> tell)
    {
        if (Interlocked.Increment(ref _open) > MostLinks)
        {
            _logger.PeerRefused(connection.RemoteEndPoint?.ToString() ?? "", $"there are {MostLinks} connections already");
            connection.Abort();
        }
        else
        {
            var link = new PeerLink(_loop, this);
            await link.RunAsync(connection, peer =>
            {
                _links.Add(link);
                link.Link = tell(peer, link);
            });
        }

        Interlocked.Decrement(ref _open);
    }

    private void Take(PeerLink link, in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        if (effect.Kind == PeerEffectKind.Send)
            link.Send(bytes);
        else if (effect.Kind == PeerEffectKind.Close)
            link.CloseWhenSent();
        else
            link.Send(effect);
        Touch(link);
    }

    private void Touch(PeerLink link)
    {
        if (link.Touched)
            return;
        link.Touched = true;
        _touched.Add(link);
    }

    private void Connect(Link known, long server, bool asObserver)
    {
        var link = new PeerLink(_loop, this) { Link = known };
        known.Host = link;
        var addresses = _settings.Ensemble!.Members[server].Addresses
            .Select(address => (address.Host, asObserver ? _settings.ObserverMasterPort : address.QuorumPort));
        _ = ConnectAsync(link, known, server, addresses);
    }

    private async Task ConnectAsync(PeerLink link, Link known, long server, IEnumerable<(string Host, int Port)> addresses)
    {
        // The loop may be in the middle of a step: what follows happens after it.
        await Task.Yield();
        var (connection, why) = await _dialer.ConnectAsync(addresses);
        if (connection is null)
        {
            _logger.PeerNotReached(server, why);
            _loop.Tell(peer =>
            {
                if (!link.ClosedByPeer)
                    peer.OnLinkDown(known);
            });
            return;
        }

        await using (connection)
        {
            await link.RunAsync(connection, peer =>
            {
                _links.Add(link);
                if (link.ClosedByPeer)
                    link.Abort();
                else
                    peer.OnLinkUp(known);
            });
        }
    }
}
