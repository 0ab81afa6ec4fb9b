namespace Quoll.Simulator;

/// <summary>
/// The connections between election ports: on each of them only the last message matters, and it is said again when it is made anew.
/// </summary>
internal sealed class SimElectionPort(Simulation simulation, Func<SimServer, SimServer, bool> canReach, Func<long, long, bool> isMute)
{
    private readonly HashSet<(long, long)> _reachable = [];
    private readonly Dictionary<(long, long), byte[]> _lastWords = [];
    private readonly Dictionary<(long, long), long> _lastArrivals = [];

    public void Notify(SimServer from, long to, byte[] message)
    {
        _lastWords[(from.Id, to)] = message;
        if (_reachable.Contains((from.Id, to)))
            Deliver(from, simulation.ServerOf(to));
    }

    public void Connect(SimServer server, SimServer other)
    {
        var (life, otherLife) = (server.Life, other.Life);
        if (server == other || !canReach(server, other))
            return;
        simulation.After(simulation.Between(200, 5_000), () =>
        {
            if (server.Life != life || other.Life != otherLife || !canReach(server, other))
                return;
            foreach (var (from, to) in new[] { (server, other), (other, server) })
            {
                if (!_reachable.Add((from.Id, to.Id)))
                    continue;
                to.Do(peer => peer.OnReachable(from.Id, true));
                Deliver(from, to);
            }
        });
    }

    /// <summary>The last message, if it is still to be said.</summary>
    public void Deliver(SimServer from, SimServer to)
    {
        var key = (from.Id, to.Id);
        if (isMute(from.Id, to.Id) || !_lastWords.TryGetValue(key, out var message))
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

    /// <summary>A server is gone, or the way between two.</summary>
    public void Lose(long server, long? other = null)
    {
        foreach (var (from, to) in _reachable.Where(pair => Concerns(pair.Item1, pair.Item2) || Concerns(pair.Item2, pair.Item1)).ToList())
        {
            _reachable.Remove((from, to));
            simulation.ServerOf(to).Do(peer => peer.OnReachable(from, false));
        }

        foreach (var key in _lastWords.Keys.Where(key => key.Item1 == server && other is null).ToList())
            _lastWords.Remove(key);

        bool Concerns(long one, long two) => one == server && (other is null || two == other);
    }
}
