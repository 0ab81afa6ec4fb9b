using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Quoll.Interop.Exchange;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>An ensemble of real processes on loopback, of one kind or of both.</summary>
internal sealed partial class EnsembleRun : IAsyncDisposable
{
    private static readonly TimeSpan AgreesWithin = TimeSpan.FromSeconds(60);
    private readonly List<ServerProcess> _servers;
    private readonly EnsemblePlan _plan;
    private readonly List<(IPEndPoint Quorum, IPEndPoint Election)> _peerPorts;
    private readonly int _observerPort = LoopbackPorts.Free();

    private EnsembleRun(EnsemblePlan plan)
    {
        _plan = plan;
        _servers = [.. Enumerable.Range(1, plan.Voters.Length + plan.Observers.Length).Select(plan.Create)];
        _peerPorts = _servers.ConvertAll(server => (
            new IPEndPoint(server.Place.Address, LoopbackPorts.Free()), new IPEndPoint(server.Place.Address, LoopbackPorts.Free())));
    }

    /// <summary>In the order of their numbers, which begin with 1.</summary>
    public IReadOnlyList<ServerProcess> Servers => _servers;

    public IReadOnlyList<ServerProcess> Running => _servers.FindAll(server => server.Runs);

    public string Addresses => string.Join(',', _servers.Select(server => server.Address));

    /// <summary>Where a server waits for its learners.</summary>
    public IPEndPoint QuorumPort(ServerProcess of) => _peerPorts[_servers.IndexOf(of)].Quorum;

    public IPEndPoint ElectionPort(ServerProcess of) => _peerPorts[_servers.IndexOf(of)].Election;

    public int NumberOf(ServerProcess server) => _servers.IndexOf(server) + 1;

    /// <summary>Another server with the number of one of these, at its own ports; it does not run, and has nothing on disk.</summary>
    public ServerProcess CreateDouble(int number)
    {
        var server = _plan.Create(number);
        var settings = SettingsOf(number - 1);
        var own = settings.FindIndex(line => line.StartsWith($"server.{number}=", StringComparison.Ordinal));
        settings[own] = $"server.{number}={server.Place.Address}:{LoopbackPorts.Free()}:{LoopbackPorts.Free()}:participant";
        server.Configure(settings);
        File.WriteAllText(Path.Combine(server.DataDirectory, "myid"), $"{number}");
        return server;
    }

    public string Output => string.Join('\n', _servers.Select(server => server.Output));

    /// <summary>Starts it, and returns once all serve.</summary>
    /// <param name="voters">The kind of each voter.</param>
    /// <param name="observers">The kind of each observer; their numbers follow.</param>
    public static Task<EnsembleRun> StartAsync(ServerKind[] voters, params ServerKind[] observers) =>
        StartAsync(new EnsemblePlan(voters) { Observers = observers });

    public static async Task<EnsembleRun> StartAsync(EnsemblePlan plan)
    {
        var ensemble = new EnsembleRun(plan);
        try
        {
            ensemble.Configure();
            ensemble._servers.ForEach(server => server.Begin());
            await ensemble.AgreeAsync();
            return ensemble;
        }
        catch
        {
            await ensemble.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns once one server leads all others that run, and all serve.</summary>
    public Task AgreeAsync() => AgreeAsync(Running);

    public async Task<ServerProcess> LeaderAsync()
    {
        foreach (var server in Running)
        {
            if (await ModeAsync(server) == "leader")
                return server;
        }

        throw new InvalidOperationException($"nobody leads\n{Output}");
    }

    /// <summary>Returns once one of these leads, and all of them serve, whatever becomes of the others.</summary>
    public Task AgreeAsync(IReadOnlyList<ServerProcess> some) => Deadline.UntilAsync(
        AgreesWithin, "one leader among these, and the others in sync with it",
        async () =>
        {
            var modes = await Task.WhenAll(some.Select(ModeAsync));
            return modes.Count(mode => mode == "leader") == 1 && Array.TrueForAll(modes, mode => mode.Length > 0);
        },
        () => Output);

    /// <summary>The server that an observer learns from.</summary>
    public async Task<ServerProcess> MasterOfAsync(ServerProcess observer) =>
        _servers[int.Parse(Master().Match(await observer.AskAsync("mntr")).Groups["id"].Value, CultureInfo.InvariantCulture) - 1];

    /// <summary>Returns once a server that has lost the others serves nobody any more.</summary>
    public Task UntilNotServingAsync(ServerProcess server) => Deadline.UntilAsync(
        AgreesWithin, $"{server.Address} does not serve", async () => (await ModeAsync(server)).Length == 0, () => Output);

    /// <summary>Takes the office from each other server that has it, until this one leads.</summary>
    public async Task MakeLeadAsync(ServerProcess wanted)
    {
        while (await LeaderAsync() is var leader && leader != wanted)
        {
            leader.Kill();
            await AgreeAsync();
            leader.Begin();
            await AgreeAsync();
        }
    }

    /// <summary>Compares what all servers have; those that do not run are started.</summary>
    public async Task AssertAllTheSameAsync()
    {
        foreach (var stopped in _servers.FindAll(server => !server.Runs))
            stopped.Begin();
        await AgreeAsync();

        // Sessions may still expire: what differs must stop to differ.
        var views = new List<ServerView>();
        await Deadline.UntilAsync(
            AgreesWithin, "the same on all servers",
            async () =>
            {
                views = [.. await Task.WhenAll(_servers.Select(ServerView.OfAsync))];
                return views.TrueForAll(view => view.Znodes.SequenceEqual(views[0].Znodes));
            },
            () => string.Join("\n----\n", views.Select(view => string.Join(
                '\n', view.Znodes.Where(line => !views.TrueForAll(other => other.Znodes.Contains(line))).Take(5)))));
        foreach (var (server, view) in _servers.Zip(views))
            view.AssertDigestsFit(server.Kind, server.Output);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    /// <summary>Adds what the servers said to a failure's message.</summary>
    public async Task ExplainAsync(Func<Task> test)
    {
        try
        {
            await test();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\n{Output}", e);
        }
    }

    private static async Task<string> ModeAsync(ServerProcess server)
    {
        try
        {
            return Mode().Match(await server.AskAsync("srvr")).Groups["mode"].Value;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            return "";
        }
    }

    private void Configure()
    {
        for (var i = 0; i < _servers.Count; i++)
        {
            _servers[i].Configure(SettingsOf(i));
            File.WriteAllText(Path.Combine(_servers[i].DataDirectory, "myid"), $"{i + 1}");
        }
    }

    private List<string> SettingsOf(int own)
    {
        var lines = _plan.Merge(["initLimit=20", "syncLimit=10", "tickTime=500", "snapCount=500", "preAllocSize=64"]).ToList();
        if (_plan.FollowersServeObservers)
            lines.Add($"observerMasterPort={_observerPort}");
        for (var i = 0; i < _servers.Count; i++)
        {
            var role = i < _plan.Voters.Length ? "participant" : "observer";
            var (quorum, election) = i == own || _plan.Relays is null
                ? (_peerPorts[i].Quorum.Port, _peerPorts[i].Election.Port)
                : (_plan.Relays.To(_peerPorts[i].Quorum), _plan.Relays.To(_peerPorts[i].Election));
            lines.Add($"server.{i + 1}={_servers[i].Place.Address}:{quorum}:{election}:{role}");
        }

        return own < _plan.Voters.Length ? lines : [.. lines, "peerType=observer"];
    }

    [GeneratedRegex("^Mode: (?<mode>[a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Mode();

    [GeneratedRegex(@"^zk_observer_master_id\t(?<id>\d+)", RegexOptions.Multiline)]
    private static partial Regex Master();
}
