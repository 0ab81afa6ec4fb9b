using Quoll.Core.Election;
using Quoll.Simulator.Checks;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator;

/// <summary>A run of clients and faults from a seed, and the verdict on it.</summary>
public sealed class Scenario
{
    private const int Patience = 30_000;
    private const int Clients = 8;

    /// <summary>Longer than any session lives without its client.</summary>
    private const int Aftermath = 9_000;

    private readonly Simulation _simulation;
    private readonly List<SimClient> _clients;
    private readonly Faults _faults;

    public Scenario(int seed, int servers = 3, int observers = 0, ElectionAlgorithm election = ElectionAlgorithm.Fast)
    {
        _simulation = new Simulation(seed, servers, observers, election);
        _clients = [.. Enumerable.Range(0, Clients).Select(number => new SimClient(_simulation, number))];
        _faults = new Faults(_simulation, _clients);
        foreach (var client in _simulation.Traits.ClientsTellEachOther ? _clients : [])
            client.OnWritten = operation => Tell(operation.Path);
    }

    /// <summary>What happened, a line each.</summary>
    public IReadOnlyList<string> Trace => _simulation.Trace;

    /// <summary>Requests of clients.</summary>
    public int Operations => _clients.Sum(client => client.History.Count);

    /// <summary>Those that were answered.</summary>
    public int Answered => _clients.Sum(client => client.History.Count(operation => operation.Returned is not null));

    /// <summary>Faults injected, by kind.</summary>
    public IReadOnlyDictionary<string, int> Faults => _faults.Injected;

    /// <summary>Runs for so many milliseconds of simulated time; complaints, if there are any.</summary>
    public IReadOnlyList<string> Run(int milliseconds)
    {
        foreach (var server in _simulation.Servers)
            server.Start();
        foreach (var client in _clients)
            client.Begin();
        var end = _simulation.Now + (milliseconds * 1000L);
        while (_simulation.Now < end && _simulation.Complaints.Count == 0)
        {
            _simulation.Run(_simulation.Random.Next(50, 2000));
            _faults.Inject();
        }

        if (_simulation.Complaints.Count == 0)
            Finish();
        return _simulation.Complaints;
    }

    /// <summary>The same; what is thrown is a complaint as well.</summary>
    public IReadOnlyList<string> RunSafely(int milliseconds)
    {
        try
        {
            return Run(milliseconds);
        }
#pragma warning disable CA1031 // Whatever it is, it is the run's result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return [.. _simulation.Complaints, e.ToString()];
        }
    }

    // Not over the servers, and faster.
    private void Tell(string path)
    {
        foreach (var client in _clients)
            _simulation.After(_simulation.Between(10, 2_000), () => client.OnTold(path));
    }

    private void Finish()
    {
        _simulation.Run(4_100);
        _faults.End();
        _simulation.Network.Heal();
        foreach (var server in _simulation.Servers)
            server.Start();

        if (!_simulation.RunUntil(() => _simulation.Servers.All(server => server.Peer is { Serves: true }), Patience))
            _simulation.Complain($"not all serve {Patience} ms after the last fault");
        _simulation.Run(2_000);
        foreach (var client in _clients)
            client.Stop();
        _simulation.Run(Aftermath);
        if (_simulation.Complaints.Count > 0)
            return;
        foreach (var server in _simulation.Servers.Where(server => server.Peer is not { Serves: true }))
            _simulation.Complain($"server {server.Id} serves no longer, with nothing in its way");
        if (_simulation.Servers.Select(server => _simulation.Ledger.LastOf(server.Peer!.LastProcessed.Value)).Distinct().Count() > 1)
            _simulation.Complain($"servers end at {string.Join(", ", _simulation.Servers.Select(server => server.Peer!.LastProcessed))}");
        if (_simulation.Complaints.Count == 0)
            EndChecker.Check(_simulation, _clients);
    }
}
