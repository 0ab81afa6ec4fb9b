using System.Buffers;
using Quoll.Core;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>One side of a connection between the quorum ports of two servers.</summary>
internal sealed class SimLinkEnd(SimServer server)
{
    public SimServer Server { get; } = server;

    public int Life { get; } = server.Life;

    public Link? Link { get; set; }

    public SimLinkEnd Other { get; set; } = null!;

    public List<byte> Inbox { get; } = [];

    public bool Closed { get; set; }

    /// <summary>When the last of what is under way to this side arrives.</summary>
    public long LastArrival { get; set; }
}

/// <summary>The network between servers: it delays, parts, and breaks connections with bytes in flight.</summary>
internal sealed class SimNetwork(Simulation simulation)
{
    private readonly List<SimLinkEnd> _ends = [];
    private readonly HashSet<(long, long)> _blocked = [];
    private readonly HashSet<(long, long)> _reachable = [];
    private readonly Dictionary<(long, long), byte[]> _lastWords = [];
    private readonly Dictionary<(long, long), long> _lastArrivals = [];

    public bool CanReach(SimServer from, SimServer to) =>
        from.Peer is not null && to.Peer is not null && !_blocked.Contains((from.Id, to.Id)) && !_blocked.Contains((to.Id, from.Id));

    public void OnStarted(SimServer server)
    {
        foreach (var other in simulation.Servers)
            ConnectElection(server, other);
    }

    public void OnStopped(SimServer server)
    {
        foreach (var end in _ends.Where(end => end.Server == server).ToList())
            Break(end);
        Lose(server.Id);
    }

    /// <summary>Cuts a server off from some others; what is in flight is lost.</summary>
    public void Part(SimServer server, IEnumerable<SimServer> others)
    {
        foreach (var other in others.Where(other => other != server))
        {
            simulation.Say($"{server.Id} and {other.Id} are parted");
            _blocked.Add((server.Id, other.Id));
            foreach (var end in _ends.Where(end => end.Server == server && end.Other.Server == other).ToList())
                Break(end);
            Lose(server.Id, other.Id);
        }
    }

    public void Heal()
    {
        simulation.Say("all are together");
        _blocked.Clear();
        foreach (var server in simulation.Servers)
            OnStarted(server);
    }

    public void Take(SimServer from, in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        switch (effect.Kind)
        {
            case PeerEffectKind.Notify:
                Notify(from, effect.Server, bytes.ToArray());
                break;
            case PeerEffectKind.Connect:
                Connect(from, effect.Link!, effect.Server);
                break;
            case PeerEffectKind.Send:
                Send((SimLinkEnd?)effect.Link!.Host, bytes.ToArray());
                break;
            case PeerEffectKind.SendSnapshot:
                SendSnapshot((SimLinkEnd?)effect.Link!.Host, effect.From);
                break;
            case PeerEffectKind.SendLog or PeerEffectKind.SendLogAsInforms:
                SendLog((SimLinkEnd?)effect.Link!.Host, effect);
                break;
            case PeerEffectKind.Close when effect.Link!.Host is SimLinkEnd end:
                end.Closed = true;
                Arrive(end.Other, () => Break(end));
                break;
        }
    }

    private void Connect(SimServer from, Link link, long to)
    {
        var target = simulation.Servers.First(server => server.Id == to);
        var life = from.Life;
        simulation.After(simulation.Between(100, 2_000), () =>
        {
            if (life != from.Life)
                return;
            if (!CanReach(from, target))
            {
                from.Do(peer => peer.OnLinkDown(link));
                return;
            }

            var near = new SimLinkEnd(from) { Link = link };
            var far = new SimLinkEnd(target) { Other = near };
            near.Other = far;
            link.Host = near;
            _ends.Add(near);
            _ends.Add(far);
            target.Do(peer => far.Link = peer.OnLink(far));
            if (!near.Closed)
                from.Do(peer => peer.OnLinkUp(link));
        });
    }

    private void Send(SimLinkEnd? end, byte[] bytes)
    {
        if (end is { Closed: false })
            Arrive(end.Other, () => Deliver(end.Other, bytes));
    }

    private void Arrive(SimLinkEnd to, Action what)
    {
        to.LastArrival = Math.Max(to.LastArrival + 1, simulation.Now + simulation.Between(50, simulation.Chance(0.05) ? 20_000 : 1_000));
        simulation.After(to.LastArrival - simulation.Now, what);
    }

    private static void Deliver(SimLinkEnd to, byte[] bytes)
    {
        if (to.Closed || to.Life != to.Server.Life)
            return;
        to.Inbox.AddRange(bytes);
        to.Server.Do(_ => to.Server.Feed(to));
    }

    // Both sides are told, each once.
    private void Break(SimLinkEnd end)
    {
        foreach (var side in new[] { end, end.Other })
        {
            _ends.Remove(side);
            if (side.Closed && side.Link is not { } || side.Life != side.Server.Life)
                continue;
            var wasClosed = side.Closed;
            side.Closed = true;
            if (!wasClosed && side.Link is { } link)
                simulation.After(simulation.Between(10, 500), () => Tell(side, link));
        }
    }

    private static void Tell(SimLinkEnd side, Link link)
    {
        if (side.Life == side.Server.Life)
            side.Server.Do(peer => peer.OnLinkDown(link));
    }

    private void SendSnapshot(SimLinkEnd? end, Zxid zxid)
    {
        if (end is not { Closed: false })
            return;
        var all = new List<byte>();
        if (!SnapshotBody.Read(end.Server.Disk, SimServer.Directory, zxid, Add))
        {
            Break(end);
            return;
        }

        var signature = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(signature);
        writer.WriteBytes(IncomingTree.Signature);
        writer.Commit();
        all.AddRange(signature.WrittenSpan);
        foreach (var chunk in all.Chunk(4096))
            Send(end, chunk);

        bool Add(ReadOnlyMemory<byte> bytes)
        {
            all.AddRange(bytes.Span);
            return true;
        }
    }

    private void SendLog(SimLinkEnd? end, PeerEffect effect)
    {
        if (end is not { Closed: false })
            return;
        var files = new HistoryFiles(end.Server.Disk, SimServer.Directory, SimServer.Directory, 1024 * 1024);
        if (!files.Read(effect.From, effect.To, SendOne))
            Break(end);

        bool SendOne(Zxid zxid, ReadOnlySpan<byte> txn)
        {
            if (effect.Kind == PeerEffectKind.SendLogAsInforms)
            {
                Send(end, Packet(PacketType.Inform, zxid, txn));
                return true;
            }

            Send(end, Packet(PacketType.Proposal, zxid, txn));
            Send(end, Packet(PacketType.Commit, zxid, default));
            return true;
        }
    }

    private static byte[] Packet(PacketType type, Zxid zxid, JuteBytes data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(buffer);
        writer.Write(new QuorumPacket((int)type, zxid.Value, data, default));
        writer.Commit();
        return buffer.WrittenSpan.ToArray();
    }

    private void Notify(SimServer from, long to, byte[] message)
    {
        _lastWords[(from.Id, to)] = message;
        if (_reachable.Contains((from.Id, to)))
            DeliverLastWords(from, simulation.Servers.First(server => server.Id == to));
    }

    private void DeliverLastWords(SimServer from, SimServer to)
    {
        var key = (from.Id, to.Id);
        if (!_lastWords.TryGetValue(key, out var message))
            return;
        var life = to.Life;
        var at = Math.Max(_lastArrivals.GetValueOrDefault(key) + 1, simulation.Now + simulation.Between(50, 1_500));
        _lastArrivals[key] = at;
        simulation.After(at - simulation.Now, () =>
        {
            if (to.Life == life && _reachable.Contains(key))
                to.Do(peer => peer.OnNotification(from.Id, message));
        });
    }

    private void ConnectElection(SimServer server, SimServer other)
    {
        var (life, otherLife) = (server.Life, other.Life);
        if (server == other || !CanReach(server, other))
            return;
        simulation.After(simulation.Between(200, 5_000), () =>
        {
            if (server.Life != life || other.Life != otherLife || !CanReach(server, other))
                return;
            foreach (var (from, to) in new[] { (server, other), (other, server) })
            {
                if (!_reachable.Add((from.Id, to.Id)))
                    continue;
                to.Do(peer => peer.OnReachable(from.Id, true));
                DeliverLastWords(from, to);
            }
        });
    }

    private void Lose(long server, long? other = null)
    {
        foreach (var (from, to) in _reachable.Where(pair => Concerns(pair.Item1, pair.Item2) || Concerns(pair.Item2, pair.Item1)).ToList())
        {
            _reachable.Remove((from, to));
            var told = simulation.Servers.First(each => each.Id == to);
            told.Do(peer => peer.OnReachable(from, false));
        }

        foreach (var key in _lastWords.Keys.Where(key => key.Item1 == server && other is null).ToList())
            _lastWords.Remove(key);

        bool Concerns(long one, long two) => one == server && (other is null || two == other);
    }
}
