using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Server.Config;
using Member = Quoll.Core.Quorum.Member;

namespace Quoll.Server.Peers;

/// <summary>
/// The datagrams by which servers elect a leader with <c>electionAlg=0</c>. As in Apache's server they go to the UDP port that has the
/// number of the quorum port. One datagram at a time is the peer's; what comes faster waits in the socket, and is lost when it is full.
/// </summary>
internal sealed class ElectionDatagrams(QuorumSettings settings, PeerLoop loop, ILogger logger) : IElectionPort
{
    private const int LargestDatagram = 65536;

    /// <summary>While it is asked, time must not stand still for the peer between two answers.</summary>
    private const int WakeEvery = 25;

    /// <summary>Milliseconds without a question after which nobody needs to be woken; longer than the pause between two rounds.</summary>
    private const int AwakeFor = 3_000;

    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<long> _unreachable = [];
    private readonly Lock _gate = new();
    private Timer? _wake;
    private Instant _lastQuestion;

    /// <summary>Opens the port.</summary>
    /// <param name="address">Where; null for every address.</param>
    /// <param name="port">Its number.</param>
    /// <exception cref="SocketException">It can't be opened.</exception>
    public void Open(IPAddress? address, int port)
    {
        address ??= Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        var at = new IPEndPoint(address, port);
        if (_sockets.Exists(open => at.Equals(open.LocalEndPoint)))
            return;
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _sockets.Add(socket);
        if (address.Equals(IPAddress.IPv6Any))
            socket.DualMode = true;
        socket.Bind(at);
    }

    public void Start()
    {
        lock (_gate)
        {
            _lastQuestion = PeerLoop.Now;
            _wake = new Timer(_ => Wake(), null, WakeEvery, WakeEvery);
        }

        foreach (var socket in _sockets)
            _ = ReceiveAsync(socket);
    }

    public void Take(in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        if (effect.Kind == PeerEffectKind.Ask)
        {
            lock (_gate)
            {
                _lastQuestion = PeerLoop.Now;
                _wake?.Change(WakeEvery, WakeEvery);
            }

            _ = AskAsync(settings.Ensemble!.Members[effect.Server], bytes.ToArray());
        }
        else if (effect.Kind == PeerEffectKind.Answer)
        {
            _ = AnswerAsync((Sender)effect.Asker!, bytes.ToArray());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_wake is not null)
            await _wake.DisposeAsync();
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (PeerLoop.Now - _lastQuestion > AwakeFor)
                _wake!.Change(Timeout.Infinite, Timeout.Infinite);
        }

        loop.Tell(_ => { });
    }

    private async Task ReceiveAsync(Socket socket)
    {
        var buffer = new byte[LargestDatagram];
        var any = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, _stop.Token);
                var sender = new Sender(socket, received.RemoteEndPoint);
                await loop.TellAsync(peer => peer.OnDatagram(buffer.AsSpan(0, received.ReceivedBytes), sender));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;   // the server stops
            }
            catch (SocketException e)
            {
                logger.DatagramNotReceived(e.Message);   // of an earlier one that could not be delivered
            }
        }
    }

    // To each address of the server: which one answers first does not matter.
    private async Task AskAsync(Member member, byte[] question)
    {
        // The loop may be in the middle of a step: what follows happens after it.
        await Task.Yield();
        string? why = null;
        var sent = false;
        foreach (var address in member.Addresses)
        {
            try
            {
                foreach (var at in await ResolveAsync(address.Host))
                    sent |= await SendAsync(at, address.QuorumPort, question);
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                why = $"{address.Host}:{address.QuorumPort}: {e.Message}";
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;   // the server stops
            }
        }

        OnAsked(member.Id, sent ? null : why ?? $"no address of {member.Addresses[0].Host} is of the kind of this server's own");
    }

    private async Task<bool> SendAsync(IPAddress to, int port, byte[] question)
    {
        var socket = _sockets.Find(socket => socket.AddressFamily == to.AddressFamily || socket.DualMode);
        if (socket is null)
            return false;
        await socket.SendToAsync(question, SocketFlags.None, new IPEndPoint(to, port), _stop.Token);
        return true;
    }

    private async Task<IPAddress[]> ResolveAsync(string host) =>
        IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, _stop.Token);

    // Said once each time.
    private void OnAsked(long server, string? why)
    {
        bool isNew;
        lock (_gate)
        {
            isNew = why is null ? !_unreachable.Remove(server) : _unreachable.Add(server);
        }

        if (why is not null && isNew)
            logger.PeerNotReached(server, why);
    }

    private async Task AnswerAsync(Sender to, byte[] answer)
    {
        await Task.Yield();
        try
        {
            await to.Socket.SendToAsync(answer, SocketFlags.None, to.Address, _stop.Token);
        }
        catch (SocketException e)
        {
            logger.DatagramNotSent(to.Address.ToString() ?? "", e.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server stops.
        }
    }

    /// <summary>Who has sent a datagram, and to which of the own sockets.</summary>
    private sealed record Sender(Socket Socket, EndPoint Address)
    {
        public override string ToString() => Address.ToString() ?? "";
    }
}
