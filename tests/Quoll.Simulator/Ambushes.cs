using Quoll.Core.Election;

namespace Quoll.Simulator;

/// <summary>
/// Faults that wait for something to happen to a server, and strike then: what a server does in two steps is at risk between them, and
/// chance alone is seldom there.
/// </summary>
internal sealed class Ambushes
{
    private const int Patience = 3_000_000;
    private static readonly Moment[] Moments = Enum.GetValues<Moment>();
    private readonly Simulation _simulation;
    private readonly List<Ambush> _laid = [];
    private bool _over;

    public Ambushes(Simulation simulation)
    {
        _simulation = simulation;
        simulation.Happens = OnMoment;
    }

    private IReadOnlyList<SimServer> Servers => _simulation.Servers;

    /// <summary>Whoever comes to a moment is struck then, or all others are, or all.</summary>
    public void LieInWait()
    {
        var moment = AnyMoment();
        var strikes = AnyStrike();
        var struck = _simulation.Random.Next(4);
        _simulation.Say($"who comes to {moment} will be struck");
        Lay((server, what) => what == moment ? SoonAfter() : null, server =>
        {
            foreach (var each in Servers.Where(each => struck == 3 || each == server == (struck != 2)).ToList())
                strikes(each);
            _simulation.After(_simulation.Between(50_000, 2_000_000), MakeGood);
        });
    }

    /// <summary>Leaders fall one after the other, each when it has just begun; and whoever fell before comes back then.</summary>
    public void LeadersFall(SimServer first) => Fall(first, null, _simulation.Random.Next(3, 10));

    /// <summary>Nobody waits any longer.</summary>
    public void End()
    {
        _over = true;
        _laid.Clear();
    }

    private void Fall(SimServer leader, SimServer? before, int more)
    {
        if (_over)
            return;
        _simulation.Network.Heal();
        before?.Start();
        if (_simulation.Chance(0.4))
            leader.Crash();
        else
            _simulation.Network.Part(leader, Servers);
        if (more == 0)
        {
            _simulation.After(_simulation.Between(50_000, 2_000_000), MakeGood);
            return;
        }

        var moment = _simulation.Chance(0.5) ? Moment.Leads : AnyMoment();
        Lay(Strikes, next => Fall(next, leader, more - 1));

        // A moment that does not come is not waited for.
        long? Strikes(SimServer server, Moment what)
        {
            if (server.Peer is not { State: ServerState.Leading })
                return null;
            return what == moment ? SoonAfter() : what == Moment.Leads ? _simulation.Between(0, 300_000) : null;
        }
    }

    private void Lay(Func<SimServer, Moment, long?> strikes, Action<SimServer> strike)
    {
        var ambush = new Ambush(strikes, strike);
        _laid.Add(ambush);
        _simulation.After(Patience, () =>
        {
            if (_laid.Remove(ambush))
                MakeGood();
        });
    }

    private void OnMoment(SimServer server, Moment moment)
    {
        foreach (var ambush in _laid.ToList())
        {
            if (ambush.Strikes(server, moment) is not { } after)
                continue;
            _laid.Remove(ambush);
            _simulation.After(after, () =>
            {
                if (_over)
                    return;
                _simulation.Say($"{server.Id} is struck after {moment}");
                ambush.Strike(server);
            });
        }
    }

    private Action<SimServer> AnyStrike() => _simulation.Random.Next(5) switch
    {
        0 or 1 => server => server.Crash(),
        2 => server => _simulation.Network.Part(server, Servers),
        3 => server => Silence(server),
        _ => server => server.Pause(_simulation.Between(100_000, 2_000_000)),
    };

    private void Silence(SimServer server)
    {
        foreach (var other in Servers)
            _simulation.Network.Mute(server, other);
    }

    private void MakeGood()
    {
        if (_over)
            return;
        _simulation.Network.Heal();
        foreach (var server in Servers)
            server.Start();
    }

    private Moment AnyMoment() => Moments[_simulation.Random.Next(Moments.Length)];

    // Half of them before anything that is sent has arrived.
    private long SoonAfter() => _simulation.Chance(0.5) ? 0 : _simulation.Between(0, 20_000);

    /// <param name="Strikes">How long after it happens to a server; null if that is not waited for.</param>
    /// <param name="Strike">What is done to the server.</param>
    private sealed record Ambush(Func<SimServer, Moment, long?> Strikes, Action<SimServer> Strike);
}
