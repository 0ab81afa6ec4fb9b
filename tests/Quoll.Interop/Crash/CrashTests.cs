using System.Globalization;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Crash;

/// <summary>A server that is killed under load, again and again: what it has said yes to stays.</summary>
public sealed class CrashTests
{
    private const string RoundsVariable = "QUOLL_CRASH_ROUNDS";
    private const int DefaultRounds = 5;
    private const int Loaders = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory, EachServer]
    public async Task Acknowledged_writes_survive_kills_under_load(ServerKind kind)
    {
        // Small enough that snapshots and new logs fall into every round.
        await using var server = await ServerProcess.StartAsync(kind, "snapCount=500", "preAllocSize=64");
        var ledger = new Ledger();
        await PrepareAsync(server, ledger);
        for (var round = 1; round <= Rounds(); round++)
        {
            await LoadAndKillAsync(server, ledger, round);
            await server.StartAsync();
            ledger.BeginLife();
            using var session = await RawSession.OpenAsync(server.Port);
            await CrashAudit.RunAsync(session, ledger);
        }
    }

    private static int Rounds() =>
        int.TryParse(Environment.GetEnvironmentVariable(RoundsVariable), CultureInfo.InvariantCulture, out var rounds)
            ? rounds
            : DefaultRounds;

    private static async Task PrepareAsync(ServerProcess server, Ledger ledger)
    {
        using var session = await RawSession.OpenAsync(server.Port);
        string[] parents = ["/crash", Loader.Singles, Loader.Sequential, Loader.Pairs];
        foreach (var path in parents.Concat(Enumerable.Range(0, Loaders).Select(Loader.CounterPath)))
        {
            var reply = await session.CreateAsync(path, "0");
            Assert.Equal(0, reply.Error);
            ledger.NoteCreated(path, reply.Zxid);
        }
    }

    private static async Task LoadAndKillAsync(ServerProcess server, Ledger ledger, int round)
    {
        var sessions = new List<RawSession>();
        try
        {
            var loads = new List<Task>();
            for (var number = 0; number < Loaders; number++)
            {
                var session = await RawSession.OpenAsync(server.Port);
                sessions.Add(session);
                var counter = Loader.CounterPath(number);
                var counted = (await session.GetAsync(counter))!.Version;
                var loader = new Loader(session, ledger, $"{round}-{number}", counted);
                loads.Add(Task.Run(() => loader.RunAsync(counter)));
            }

            // Each round dies at another distance from its start.
            var enough = ledger.Acknowledged + (400 * round) + 37;
            await Deadline.UntilAsync(
                Patience, "enough acknowledged writes", () => Task.FromResult(HasEndedOr(ledger.Acknowledged >= enough, loads)),
                () => server.Output);
            server.Kill();
            await Task.WhenAll(loads).WaitAsync(Patience);
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    // A loader that has ended while the server lived has found something wrong; awaiting it tells what.
    private static bool HasEndedOr(bool condition, List<Task> loads) => condition || loads.Exists(load => load.IsCompleted);
}
