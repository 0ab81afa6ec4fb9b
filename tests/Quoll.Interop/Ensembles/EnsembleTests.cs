using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Ensembles whose servers die under load. What was said yes to stays, whoever said it.</summary>
public sealed class EnsembleTests
{
    private const ServerKind Apache = ServerKind.Apache;
    private const ServerKind Quoll = ServerKind.Quoll;
    private const int Loaders = 6;
    private const int Writes = 600;

    /// <summary>The last one leads at first; then whoever is left.</summary>
    public static TheoryData<ServerKind[]> Mixtures => new(
        [Quoll, Quoll, Quoll], [Apache, Quoll, Quoll], [Quoll, Quoll, Apache], [Apache, Apache, Quoll], [Quoll, Apache, Apache]);

    [Theory, MemberData(nameof(Mixtures))]
    public async Task Acknowledged_writes_survive_the_loss_of_each_server(ServerKind[] kinds)
    {
        await using var ensemble = await EnsembleRun.StartAsync(kinds);
        await ensemble.ExplainAsync(() => LoseEachAsync(ensemble));
        await ensemble.ExplainAsync(ensemble.AssertAllTheSameAsync);
    }

    private static async Task LoseEachAsync(EnsembleRun ensemble)
    {
        var ledger = new Ledger();
        await ensemble.MakeLeadAsync(ensemble.Servers[^1]);
        await CrashLoad.PrepareAsync(await ensemble.LeaderAsync(), ledger, Loaders);
        for (var round = 0; round < ensemble.Servers.Count; round++)
        {
            // First the leader, then a server that follows, then the leader of then.
            var leader = await ensemble.LeaderAsync();
            var victim = round == 1 ? ensemble.Servers.First(server => server != leader) : leader;
            await using (var load = await CrashLoad.BeginAsync(ensemble.Servers, ledger, Loaders, $"{round}"))
            {
                await load.UntilAcknowledgedAsync(Writes);
                victim.Kill();
                await load.UntilSurvivorsAcknowledgedAsync(Writes);
                await load.CutAsync();
            }

            await ensemble.AgreeAsync();
            await AuditAsync(ensemble.Running[round % 2], ledger);
            await victim.StartAsync();
            await ensemble.AgreeAsync();
        }

        await AuditAsync(ensemble.Servers[0], ledger);
    }

    private static async Task AuditAsync(ServerProcess server, Ledger ledger)
    {
        using var session = await RawSession.OpenAsync(server.EndPoint);
        await CrashAudit.RunAsync(server.EndPoint, session, ledger);
    }
}
