using Quoll.Core.Election;

namespace Quoll.Simulator;

/// <summary>A run of clients and faults from a seed, and the verdict on it.</summary>
public sealed class Scenario(int seed, int servers = 3, int observers = 0)
{
    private const int Patience = 30_000;
    private readonly Simulation _simulation = new(seed, servers, observers);

    private IReadOnlyList<SimClient> _clients = [];

    /// <summary>What happened, a line each.</summary>
    public IReadOnlyList<string> Trace => _simulation.Trace;

    /// <summary>Requests of clients.</summary>
    public int Operations => _clients.Sum(client => client.History.Count);

    /// <summary>Those that were answered.</summary>
    public int Answered => _clients.Sum(client => client.History.Count(operation => operation.Returned is not null));

    /// <summary>Faults injected.</summary>
    public int Faults { get; private set; }

    /// <summary>Runs for so many milliseconds of simulated time; complaints, if there are any.</summary>
    public List<string> Run(int milliseconds)
    {
        _clients = [.. Enumerable.Range(0, 8).Select(number => new SimClient(_simulation, number, keys: 3))];
        foreach (var server in _simulation.Servers)
            server.Start();
        foreach (var client in _clients)
            client.Begin();
        var end = _simulation.Now + (milliseconds * 1000L);
        while (_simulation.Now < end)
        {
            _simulation.Run(_simulation.Random.Next(50, 2000));
            Disturb();
        }

        return Finish();
    }

    // Half of what happens happens to the leader: there is most to lose.
    private void Disturb()
    {
        var servers = _simulation.Servers;
        var leader = servers.FirstOrDefault(each => each.Peer is { State: ServerState.Leading });
        var server = leader is not null && _simulation.Chance(0.5) ? leader : servers[_simulation.Random.Next(servers.Count)];
        Faults++;
        switch (_simulation.Random.Next(8))
        {
            case 0 or 1:
                Crash(server);
                break;
            case 2:
                // In the middle of what the disk does.
                server.Disk.WritesLeft = _simulation.Random.Next(4);
                _simulation.After(300_000, () => server.Disk.WritesLeft = null);
                Restart(server);
                break;
            case 3:
                server.Disk.SyncsLeft = _simulation.Random.Next(4);
                _simulation.After(300_000, () => server.Disk.SyncsLeft = null);
                Restart(server);
                break;
            case 4:
                _simulation.Network.Part(server, servers);
                _simulation.After(_simulation.Between(50_000, 3_000_000), _simulation.Network.Heal);
                break;
            case 5:
                _simulation.Network.Part(server, [servers[_simulation.Random.Next(servers.Count)]]);
                _simulation.After(_simulation.Between(50_000, 1_000_000), _simulation.Network.Heal);
                break;
            case 6:
                // The power of the whole room.
                foreach (var each in servers)
                    Crash(each);
                break;
            default:
                // Cut off, then without power: what it had proposed nobody else has.
                _simulation.Network.Part(server, servers);
                _simulation.After(_simulation.Between(1_000, 100_000), () => Crash(server));
                _simulation.After(_simulation.Between(100_000, 1_000_000), _simulation.Network.Heal);
                break;
        }
    }

    private void Crash(SimServer server)
    {
        server.Crash();
        Restart(server);
    }

    private void Restart(SimServer server) => _simulation.After(_simulation.Between(310_000, 2_000_000), () =>
    {
        if (server.Peer is null)
            server.Start();
    });

    private List<string> Finish()
    {
        foreach (var server in _simulation.Servers)
            server.Disk.WritesLeft = server.Disk.SyncsLeft = null;
        _simulation.Run(2_100);
        foreach (var server in _simulation.Servers.Where(server => server.Peer is null))
            server.Start();
        _simulation.Network.Heal();
        if (!_simulation.RunUntil(() => _simulation.Servers.All(server => server.Peer is { Serves: true }), Patience))
            return [$"not all serve {Patience} ms after the last fault"];
        _simulation.Run(3_000);
        foreach (var client in _clients)
            client.Stop();
        _simulation.Run(8_000);
        var zxids = _simulation.Servers.Select(server => server.Peer!.LastProcessed).Distinct().ToList();
        var complaints = Checker.Check(_simulation, _clients);
        if (zxids.Count > 1)
            complaints.Add($"servers are at {string.Join(", ", zxids)}");
        return complaints;
    }
}
