using Quoll.Client;
using Quoll.Interop.Ensembles;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Sessions;

/// <summary>Our client at a server that has lost the others, and only reads.</summary>
public sealed class ReadOnlyTests
{
    // Apache's takes this setting from its machine alone, and serves sessions of its own only where those are enabled.
    private static readonly Dictionary<string, string> Java = new() { ["JAVA_TOOL_OPTIONS"] = "-Dreadonlymode.enabled=true" };

    /// <summary>Servers take no session into this that all of them know: whoever has one keeps it, and waits for the others.</summary>
    [Theory]
    [EachServer]
    public async Task Who_may_reads_at_a_server_without_a_quorum_and_writes_when_it_is_back_and_who_holds_something_waits(ServerKind kind)
    {
        await using var ensemble = await EnsembleRun.StartAsync(new EnsemblePlan(kind, kind, kind)
        {
            Settings =
            [
                "readonlymode.enabled=true", "localSessionsEnabled=true", "localSessionsUpgradingEnabled=true", "maxSessionTimeout=60000",
            ],
            Environment = _ => Java,
        });
        await ensemble.ExplainAsync(async () =>
        {
            await using var patient = await ConnectAsync(ensemble, seconds: 40, allowReadOnly: true);
            await using var hasty = await ConnectAsync(ensemble, seconds: 3, allowReadOnly: true);
            await patient.CreateAsync("/kept", Bytes("kept"));
            await using var held = await new DistributedLock(patient, "/lock").AcquireAsync();
            await using var lost = await new DistributedLock(hasty, "/other").AcquireAsync();
            await hasty.SyncAsync();
            ensemble.Servers[1].Kill();
            ensemble.Servers[2].Kill();

            await UntilAsync("it reads", () => hasty.State.State == ConnectionState.ConnectedReadOnly);
            Assert.True(lost.Lost.IsCancellationRequested && lost.Session.Ended.IsCancellationRequested);
            var passing = hasty.Session!;
            await ReadsAndChangesNothingAsync(hasty);
            await Assert.ThrowsAsync<ConnectionLossException>(() => ConnectAsync(ensemble, seconds: 2, allowReadOnly: false));

            ensemble.Servers[1].Begin();
            await UntilAsync("they are back", () => IsConnected(patient) && IsConnected(hasty));
            Assert.Same(held.Session, patient.Session);
            await held.Fenced.SetAsync("/kept", Bytes("changed"));
            Assert.True(passing.Ended.IsCancellationRequested);
            await hasty.SetAsync("/kept", Bytes("changed again"));
        });
    }

    private static bool IsConnected(ZooKeeperClient client) => client.State.State == ConnectionState.Connected;

    private static async Task ReadsAndChangesNothingAsync(ZooKeeperClient client)
    {
        Assert.Equal("kept", Text((await client.GetAsync("/kept")).Data));
        Assert.Contains("lock", (await client.GetChildrenAsync("/")).Names);
        Func<Task>[] changes =
        [
            async () => await client.CreateAsync("/refused"),
            async () => await client.SetAsync("/kept", Bytes("refused")),
            async () => await client.DeleteAsync("/kept"),
            async () => await client.CommitAsync(new Transaction().Set("/kept", Bytes("refused"))),
        ];
        foreach (var change in changes)
        {
            var refusal = await Assert.ThrowsAnyAsync<ZooKeeperException>(change);
            Assert.Equal((ErrorCode.NotReadOnly, RequestOutcome.Refused), (refusal.Error, refusal.Outcome));
        }
    }

    private static async Task<ZooKeeperClient> ConnectAsync(EnsembleRun ensemble, int seconds, bool allowReadOnly) =>
        await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = ensemble.Addresses,
            SessionTimeout = TimeSpan.FromSeconds(seconds),
            RequestTimeout = TimeSpan.FromSeconds(allowReadOnly ? 20 : 1),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(200),
            AllowReadOnly = allowReadOnly,
        });
}
