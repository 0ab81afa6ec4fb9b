using System.Text.RegularExpressions;
using Quoll.Interop.Exchange;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>An ensemble of real processes on loopback, of one kind or of both.</summary>
internal sealed partial class EnsembleRun : IAsyncDisposable
{
    private static readonly TimeSpan AgreesWithin = TimeSpan.FromSeconds(60);
    private readonly List<ServerProcess> _servers;

    private EnsembleRun(List<ServerProcess> servers) => _servers = servers;

    /// <summary>In the order of their numbers, which begin with 1.</summary>
    public IReadOnlyList<ServerProcess> Servers => _servers;

    public IReadOnlyList<ServerProcess> Running => _servers.FindAll(server => server.Runs);

    public string Addresses => string.Join(',', _servers.Select(server => server.Address));

    public string Output => string.Join('\n', _servers.Select(server => server.Output));

    /// <summary>Starts it, and returns once all serve.</summary>
    /// <param name="voters">The kind of each voter.</param>
    /// <param name="observers">The kind of each observer; their numbers follow.</param>
    public static async Task<EnsembleRun> StartAsync(ServerKind[] voters, params ServerKind[] observers)
    {
        var ensemble = new EnsembleRun([.. voters.Concat(observers).Select(ServerProcess.Create)]);
        try
        {
            ensemble.Configure(voters.Length);
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
    public Task AgreeAsync() => Deadline.UntilAsync(
        AgreesWithin, "one leader, and the others in sync with it",
        async () =>
        {
            var modes = await Task.WhenAll(Running.Select(ModeAsync));
            return modes.Count(mode => mode == "leader") == 1 && Array.TrueForAll(modes, mode => mode.Length > 0);
        },
        () => Output);

    public async Task<ServerProcess> LeaderAsync()
    {
        foreach (var server in Running)
        {
            if (await ModeAsync(server) == "leader")
                return server;
        }

        throw new InvalidOperationException($"nobody leads\n{Output}");
    }

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
                views = [];
                foreach (var server in _servers)
                    views.Add(await ServerView.OfAsync(server) with { Sessions = [] });
                return views.TrueForAll(view => view.Znodes.SequenceEqual(views[0].Znodes));
            },
            () => string.Join("\n----\n", views.Select(view => string.Join('\n', view.Znodes.Except(views[0].Znodes).Take(5)))));
        Assert.All(views, view => Assert.Equal(0, view.DigestMismatches));
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

    private void Configure(int voters)
    {
        var lines = new List<string> { "initLimit=20", "syncLimit=10", "tickTime=500", "snapCount=500", "preAllocSize=64" };
        for (var i = 0; i < _servers.Count; i++)
        {
            var role = i < voters ? "participant" : "observer";
            lines.Add($"server.{i + 1}=127.0.0.1:{LoopbackPorts.Free()}:{LoopbackPorts.Free()}:{role}");
        }

        for (var i = 0; i < _servers.Count; i++)
        {
            _servers[i].Configure(i < voters ? lines : [.. lines, "peerType=observer"]);
            File.WriteAllText(Path.Combine(_servers[i].DataDirectory, "myid"), $"{i + 1}");
        }
    }

    [GeneratedRegex("^Mode: (?<mode>[a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Mode();
}
