using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Zab;

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

/// <summary>
/// The network between servers. It delays, and it parts: with a word to both, as when a machine refuses; or without one, as when a cable is
/// cut, both ways or one way. Then what is sent waits, as TCP has it, until it gets through or the connection is given up.
/// </summary>
internal sealed class SimNetwork
{
    private readonly Simulation _simulation;
    private readonly SimElectionPort _election;
    private readonly SimDatagrams _datagrams;
    private readonly SimHistorySender _history;
    private readonly OtherMakes _otherMakes;
    private readonly List<SimLinkEnd> _ends = [];
    private readonly HashSet<(long, long)> _blocked = [];
    private readonly HashSet<(long, long)> _mute = [];
    private readonly List<(SimLinkEnd To, Action What)> _held = [];

    public SimNetwork(Simulation simulation)
    {
        _simulation = simulation;
        _election = new SimElectionPort(simulation, CanReach, IsMute);
        _datagrams = new SimDatagrams(simulation, Open);
        _history = new SimHistorySender(simulation, Send, Break);
        _otherMakes = new OtherMakes(simulation, _history);
    }

    public void OnStarted(SimServer server)
    {
        foreach (var other in _simulation.Servers.Where(_ => _simulation.Election == ElectionAlgorithm.Fast))
            _election.Connect(server, other);
    }

    public void OnStopped(SimServer server)
    {
        foreach (var end in _ends.Where(end => end.Server == server).ToList())
            Break(end);
        _election.Lose(server.Id);
    }

    /// <summary>Cuts a server off from some others; what is in flight is lost, and both sides know.</summary>
    public void Part(SimServer server, IEnumerable<SimServer> others)
    {
        foreach (var other in others.Where(other => other != server))
        {
            _simulation.Say($"{server.Id} and {other.Id} are parted");
            _blocked.Add((server.Id, other.Id));
            foreach (var end in _ends.Where(end => end.Server == server && end.Other.Server == other).ToList())
                Break(end);
            _election.Lose(server.Id, other.Id);
        }
    }

    /// <summary>The connections between the quorum ports of two servers break; they can be made again at once.</summary>
    public void Reset(SimServer server, SimServer other)
    {
        _simulation.Say($"the connections between {server.Id} and {other.Id} break");
        foreach (var end in _ends.Where(end => end.Server == server && end.Other.Server == other).ToList())
            Break(end);
    }

    /// <summary>Nothing more comes through from one to the other, and nobody is told.</summary>
    public void Mute(SimServer from, SimServer to)
    {
        if (from == to)
            return;
        _simulation.Say($"nothing comes through from {from.Id} to {to.Id}");
        _mute.Add((from.Id, to.Id));
    }

    public void Heal()
    {
        _simulation.Say("all are together");
        _blocked.Clear();
        var muted = _mute.ToList();
        _mute.Clear();
        foreach (var (from, to) in muted)
            _election.Deliver(_simulation.ServerOf(from), _simulation.ServerOf(to));
        var held = _held.ToList();
        _held.Clear();
        foreach (var (to, what) in held)
            Arrive(to, what);
        foreach (var server in _simulation.Servers)
            OnStarted(server);
    }

    public void Take(SimServer from, in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        switch (effect.Kind)
        {
            case PeerEffectKind.Notify:
                _election.Notify(from, effect.Server, bytes.ToArray());
                break;
            case PeerEffectKind.Ask or PeerEffectKind.Answer:
                _datagrams.Take(from, effect, bytes.ToArray());
                break;
            case PeerEffectKind.Connect:
                Connect(from, effect.Link!, effect.Server, (peer, far) => peer.OnLink(far));
                break;
            case PeerEffectKind.ConnectToObserverPort:
                Connect(from, effect.Link!, effect.Server, (peer, far) => peer.OnObserverLink(far));
                break;
            case PeerEffectKind.Send when effect.Link!.Host is SimLinkEnd { Closed: false } end:
                Send(end, _otherMakes.Replace(end, bytes));
                break;
            case PeerEffectKind.SendSnapshot:
                _history.SendSnapshot((SimLinkEnd?)effect.Link!.Host, effect.From);
                break;
            case PeerEffectKind.SendLog or PeerEffectKind.SendLogAsInforms:
                _history.SendLog((SimLinkEnd?)effect.Link!.Host, effect);
                break;
            case PeerEffectKind.Close when effect.Link!.Host is SimLinkEnd end:
                end.Closed = true;
                Arrive(end.Other, () => Break(end));
                break;
        }
    }

    private bool CanReach(SimServer from, SimServer to) =>
        from.Peer is not null && to.Peer is not null && Open(from.Id, to.Id) && Open(to.Id, from.Id);

    private bool Open(long from, long to) => !_blocked.Contains((from, to)) && !_mute.Contains((from, to));

    private bool IsMute(long from, long to) => _mute.Contains((from, to));

    private void Connect(SimServer from, Link link, long to, Func<QuorumPeer, SimLinkEnd, Link> tell)
    {
        var target = _simulation.ServerOf(to);
        var life = from.Life;
        _simulation.After(_simulation.Between(100, 2_000), () =>
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
            target.Do(peer =>
            {
                far.Link = tell(peer, far);
                if (far.Closed)
                    peer.OnLinkDown(far.Link);   // it was not looked at before the other side had given up
            });
            if (!near.Closed)
                from.Do(peer => peer.OnLinkUp(link));
        });
    }

    private void Send(SimLinkEnd end, byte[] bytes)
    {
        if (!end.Closed && bytes.Length > 0)
            Arrive(end.Other, () => Deliver(end.Other, bytes));
    }

    private void Arrive(SimLinkEnd to, Action what)
    {
        if (IsMute(to.Other.Server.Id, to.Server.Id))
        {
            _held.Add((to, what));
            return;
        }

        var delay = _simulation.Between(50, _simulation.Chance(0.05) ? 20_000 : 1_000);
        to.LastArrival = Math.Max(to.LastArrival + 1, _simulation.Now + delay);
        _simulation.After(to.LastArrival - _simulation.Now, what);
    }

    private static void Deliver(SimLinkEnd to, byte[] bytes)
    {
        if (to.Closed || to.Life != to.Server.Life)
            return;
        to.Server.Do(_ =>
        {
            if (to.Closed)
                return;
            to.Inbox.AddRange(bytes);
            to.Server.Feed(to);
        });
    }

    // Both sides are told, each once.
    private void Break(SimLinkEnd end)
    {
        foreach (var side in new[] { end, end.Other })
        {
            _ends.Remove(side);
            if (side.Life != side.Server.Life || side.Closed)
                continue;
            if (side.Link is { } link && IsMute(side.Other.Server.Id, side.Server.Id))
            {
                _held.Add((side, () => Tell(side, link)));
                continue;
            }

            side.Closed = true;
            if (side.Link is { } open)
                _simulation.After(_simulation.Between(10, 500), () => Tell(side, open));
        }
    }

    private static void Tell(SimLinkEnd side, Link link)
    {
        side.Closed = true;
        if (side.Life == side.Server.Life)
            side.Server.Do(peer => peer.OnLinkDown(link));
    }
}
