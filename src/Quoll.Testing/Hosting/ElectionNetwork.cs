namespace Quoll.Testing.Hosting;

/// <summary>
/// The connections between election ports, one between any two servers that can reach each other. On each of them only the last message
/// matters, and it is said again when the connection is made anew.
/// </summary>
internal sealed class ElectionNetwork(EventLoop loop, PeerNetwork network)
{
    private readonly HashSet<(long From, long To)> _connected = [];
    private readonly Dictionary<(long From, long To), byte[]> _lastWords = [];
    private readonly Dictionary<(long From, long To), Wire> _wires = [];

    public void Connect(ServerProcess one, ServerProcess other)
    {
        if (one == other)
            return;
        var (life, otherLife) = (one.Life, other.Life);
        WireOf(one, other).Send(() =>
        {
            if (one.Life != life || other.Life != otherLife || !network.CanReach(one, other))
                return;
            Open(one, other);
            Open(other, one);
        });
    }

    /// <summary>The way between two servers is gone, or one of them.</summary>
    public void Disconnect(ServerProcess one, ServerProcess other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            // What it said in a life that has ended is not said again.
            if (from.Peer is null)
                _lastWords.Remove((from.Id, to.Id));
            if (!_connected.Remove((from.Id, to.Id)))
                continue;
            var life = to.Life;
            loop.Soon(() => DoIn(to, life, () => to.Do(peer => peer.OnReachable(from.Id, false))));
        }
    }

    public void Notify(ServerProcess from, ServerProcess to, byte[] message)
    {
        _lastWords[(from.Id, to.Id)] = message;
        if (_connected.Contains((from.Id, to.Id)))
            Deliver(from, to);
    }

    private void Open(ServerProcess from, ServerProcess to)
    {
        if (!_connected.Add((from.Id, to.Id)))
            return;
        to.Do(peer => peer.OnReachable(from.Id, true));
        Deliver(from, to);
    }

    private void Deliver(ServerProcess from, ServerProcess to)
    {
        var key = (from.Id, to.Id);
        if (!_lastWords.TryGetValue(key, out var message))
            return;
        var life = to.Life;
        WireOf(from, to).Send(() => DoIn(to, life, () =>
        {
            if (_connected.Contains(key))
                to.Do(peer => peer.OnNotification(from.Id, message));
        }));
    }

    private static void DoIn(ServerProcess server, int life, Action what)
    {
        if (server.Life == life)
            what();
    }

    private Wire WireOf(ServerProcess from, ServerProcess to)
    {
        if (!_wires.TryGetValue((from.Id, to.Id), out var wire))
            _wires[(from.Id, to.Id)] = wire = new Wire(loop, () => network.Delay);
        return wire;
    }
}
