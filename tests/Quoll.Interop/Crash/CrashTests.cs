using System.Diagnostics;
using System.Globalization;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Crash;

/// <summary>A server that is killed under load, again and again: what it has said yes to stays.</summary>
public sealed class CrashTests
{
    private const string RoundsVariable = "QUOLL_CRASH_ROUNDS";
    private const string SeedVariable = "QUOLL_CRASH_SEED";
    private const int DefaultRounds = 5;
    private const int DefaultSeed = 1;
    private const int Loaders = 4;
    private const int MostWrites = 2000;
    private const string Unfinished = "writing.*";

    private static readonly TimeSpan SnapshotWithin = TimeSpan.FromSeconds(5);

    [Theory, EachServer]
    public async Task Acknowledged_writes_survive_kills_under_load(ServerKind kind)
    {
        // Small enough that snapshots and new logs fall into every round.
        await using var server = await ServerProcess.StartAsync(kind, "snapCount=500", "preAllocSize=64");
        var random = new Random(Number(SeedVariable, DefaultSeed));
        var ledger = new Ledger();
        var duringSnapshots = 0;
        await CrashLoad.PrepareAsync(server, ledger, Loaders);
        var rounds = Number(RoundsVariable, DefaultRounds);
        for (var round = 1; round <= rounds; round++)
        {
            await using (var load = await CrashLoad.BeginAsync([server], ledger, Loaders, $"{round}"))
            {
                await load.UntilAcknowledgedAsync(random.Next(1, MostWrites));
                if (kind == ServerKind.Quoll && random.Next(3) == 0)
                    WaitForSnapshot(server);
                server.Kill();
                duringSnapshots += Directory.GetFiles(server.VersionDirectory, Unfinished).Length;
                await load.EndAsync();
            }

            await server.StartAsync();
            ledger.BeginLife();
            using var session = await RawSession.OpenAsync(server.EndPoint);
            await CrashAudit.RunAsync(server.EndPoint, session, ledger);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kind}: {rounds} kills, {duringSnapshots} of them while a snapshot was written; {ledger.Acknowledged} writes acknowledged");
    }

    // So that some kills come in the middle of one. It is short: only who looks all the time sees it.
    private static void WaitForSnapshot(ServerProcess server)
    {
        var clock = Stopwatch.StartNew();
        while (Directory.GetFiles(server.VersionDirectory, Unfinished).Length == 0 && clock.Elapsed < SnapshotWithin)
            Thread.Yield();
    }

    private static int Number(string variable, int byDefault) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : byDefault;
}
