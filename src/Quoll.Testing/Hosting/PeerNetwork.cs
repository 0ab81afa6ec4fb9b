using System.Buffers;
using Quoll.Core;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Testing.Hosting;

/// <summary>One side of a connection between the quorum ports of two servers.</summary>
internal sealed class LinkEnd(ServerProcess server, Wire output) : IParked
{
    public ServerProcess Server { get; } = server;

    public Wire Output { get; } = output;

    public LinkEnd Other { get; set; } = null!;

    public Link? Link { get; set; }

    public bool Closed { get; set; }

    private readonly ByteQueue _inbox = new();
    private readonly int _life = server.Life;

    public bool IsAlive => !Closed && _life == Server.Life;

    public void OnArrived(byte[] bytes)
    {
        _inbox.Add(bytes);
        Server.Do(_ => Feed());
    }

    public void Feed()
    {
        if (!IsAlive || Link is not { } link || _inbox.Length == 0 || Server.Peer is not { } peer)
            return;
        _inbox.RemoveFirst(peer.OnBytes(link, _inbox.Span));
        if (_inbox.Length > 0)
            Server.Park(this);
        Server.Drain();
    }
}

/// <summary>The connections between servers: those of the quorum ports here, those of the election ports in a part of their own.</summary>
internal sealed class PeerNetwork
{
    private readonly EventLoop _loop;
    private readonly ElectionNetwork _election;
    private readonly List<LinkEnd> _ends = [];
    private readonly HashSet<(long, long)> _parted = [];

    public PeerNetwork(EventLoop loop)
    {
        _loop = loop;
        _election = new ElectionNetwork(loop, this);
    }

    /// <summary>All servers, by their numbers.</summary>
    public Dictionary<long, ServerProcess> Servers { get; } = [];

    /// <summary>How long everything takes from one server to another.</summary>
    public TimeSpan Delay { get; set; }

    public bool CanReach(ServerProcess from, ServerProcess to) =>
        from.Peer is not null && to.Peer is not null && !from.IsIsolated && !to.IsIsolated && !_parted.Contains((from.Id, to.Id));

    public void OnStarted(ServerProcess server)
    {
        foreach (var other in Servers.Values)
            _election.Connect(server, other);
    }

    public void OnEnded(ServerProcess server) => Break(server, Servers.Values);

    /// <summary>Two servers can't reach each other, and what connects them breaks.</summary>
    public void Part(ServerProcess one, ServerProcess other)
    {
        _parted.Add((one.Id, other.Id));
        _parted.Add((other.Id, one.Id));
        Break(one, [other]);
    }

    /// <summary>What connects a server with others breaks.</summary>
    public void Break(ServerProcess server, IEnumerable<ServerProcess> others)
    {
        foreach (var other in others.Where(other => other != server))
        {
            foreach (var end in _ends.Where(end => end.Server == server && end.Other.Server == other).ToList())
                Break(end);
            _election.Disconnect(server, other);
        }
    }

    public void Heal()
    {
        _parted.Clear();
        foreach (var server in Servers.Values)
            OnStarted(server);
    }

    public void Take(ServerProcess from, in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        var end = effect.Link?.Host as LinkEnd;
        switch (effect.Kind)
        {
            case PeerEffectKind.Notify:
                _election.Notify(from, Servers[effect.Server], bytes.ToArray());
                break;
            case PeerEffectKind.Connect:
                Connect(from, effect.Link!, Servers[effect.Server]);
                break;
            case PeerEffectKind.Send when end is not null:
                Send(end, bytes.ToArray());
                break;
            case PeerEffectKind.SendSnapshot when end is not null:
                SendSnapshot(end, effect.From);
                break;
            case PeerEffectKind.SendLog or PeerEffectKind.SendLogAsInforms when end is not null:
                SendLog(end, effect);
                break;
            case PeerEffectKind.Close when end is { Closed: false }:
                end.Closed = true;
                end.Output.Send(() => Break(end));
                break;
            case PeerEffectKind.Ask or PeerEffectKind.Answer or PeerEffectKind.ConnectToObserverPort:
                throw new InvalidOperationException($"{effect.Kind}: no server here is told to do so");
        }
    }

    private void Connect(ServerProcess from, Link link, ServerProcess to)
    {
        var life = from.Life;
        var near = new LinkEnd(from, NewWire());
        var far = new LinkEnd(to, NewWire()) { Other = near };
        near.Other = far;
        near.Link = link;
        link.Host = near;
        near.Output.Send(() =>
        {
            if (life != from.Life)
                return;
            if (!CanReach(from, to))
            {
                from.Do(peer => peer.OnLinkDown(link));
                return;
            }

            _ends.Add(near);
            _ends.Add(far);
            to.Do(peer =>
            {
                far.Link = peer.OnLink(far);
                if (far.Closed)
                    peer.OnLinkDown(far.Link);   // the other side gave up while this server did not look
            });
            if (!near.Closed)
                from.Do(peer => peer.OnLinkUp(link));
        });
    }

    private static void Send(LinkEnd end, byte[] bytes)
    {
        if (end.Closed || bytes.Length == 0)
            return;
        end.Output.Send(() =>
        {
            if (end.Other.IsAlive)
                end.Other.OnArrived(bytes);
        });
    }

    private void SendSnapshot(LinkEnd end, Zxid zxid)
    {
        var all = new ArrayBufferWriter<byte>();
        var whole = SnapshotBody.Read(end.Server.Disk, ServerProcess.Directory, zxid, bytes =>
        {
            all.Write(bytes.Span);
            return true;
        });
        if (!whole)
        {
            Break(end);
            return;
        }

        LearnerPackets.WriteEndOfTree(all);
        Send(end, all.WrittenSpan.ToArray());
    }

    private void SendLog(LinkEnd end, PeerEffect effect)
    {
        var all = new ArrayBufferWriter<byte>();
        var files = new HistoryFiles(end.Server.Disk, ServerProcess.Directory, ServerProcess.Directory, end.Server.MaxTxn);
        var whole = files.Read(effect.From, effect.To, (zxid, txn) =>
        {
            if (effect.Kind == PeerEffectKind.SendLogAsInforms)
                LearnerPackets.WriteInform(all, zxid, txn);
            else
                LearnerPackets.WriteCommitted(all, zxid, txn);
            return true;
        });
        if (whole)
            Send(end, all.WrittenSpan.ToArray());
        else
            Break(end);
    }

    // Both sides are told, each once.
    private void Break(LinkEnd end)
    {
        foreach (var side in new[] { end, end.Other })
        {
            _ends.Remove(side);
            if (!side.IsAlive)
                continue;
            side.Closed = true;
            if (side.Link is { } link)
                _loop.Soon(() => side.Server.Do(peer => peer.OnLinkDown(link)));
        }
    }

    private Wire NewWire() => new(_loop, () => Delay);
}
