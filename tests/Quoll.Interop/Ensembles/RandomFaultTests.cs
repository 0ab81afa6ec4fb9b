using System.Diagnostics;
using System.Globalization;

namespace Quoll.Interop.Ensembles;

/// <summary>One fault after another, drawn from a seed, under clients that go from server to server.</summary>
[Trait("server", "Quoll")]
public sealed class RandomFaultTests
{
    private const string RoundsVariable = "QUOLL_FAULT_ROUNDS";
    private const string SeedVariable = "QUOLL_FAULT_SEED";
    private const string ServersVariable = "QUOLL_FAULT_SERVERS";
    private const int DefaultRounds = 2;
    private const int Clients = 6;

    [Fact]
    public async Task Whatever_becomes_of_servers_and_network_nothing_acknowledged_is_lost_or_out_of_order()
    {
        var (rounds, seed, servers) = (Number(RoundsVariable, DefaultRounds), Number(SeedVariable, 1), Number(ServersVariable, 3));
        var random = new Random(seed);
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var clock = Stopwatch.StartNew();
        using var lan = Lan.Create(servers);
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(servers) with { Lan = lan });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients, seed);
            for (var round = 0; round < rounds; round++)
            {
                await load.UntilAcknowledgedAsync(random.Next(1, 500));
                var fault = await FaultAsync(ensemble, lan, random);
                faults[fault.Name] = faults.GetValueOrDefault(fault.Name) + 1;
                fault.Begin();
                await load.UntilAcknowledgedAsync(random.Next(1, 1000));
                fault.End();
                await ensemble.AgreeAsync();
            }

            await load.FinishAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{servers} servers, seed {seed}, {rounds} faults in {clock.Elapsed.TotalSeconds:0} s: "
                + string.Join(", ", faults.Select(fault => $"{fault.Value} {fault.Key}")));
        });
    }

    private static async Task<Fault> FaultAsync(EnsembleRun ensemble, Lan lan, Random random)
    {
        var leader = await ensemble.LeaderAsync();
        var hitsLeader = random.Next(2) == 0;
        var followers = ensemble.Servers.Where(server => server != leader).ToList();
        var victim = hitsLeader ? leader : followers[random.Next(followers.Count)];
        var number = ensemble.NumberOf(victim);
        var other = ensemble.NumberOf(hitsLeader ? followers[random.Next(followers.Count)] : leader);
        var of = hitsLeader ? "leader" : "follower";
        return random.Next(6) switch
        {
            0 => new Fault($"kills of a {of}", victim.Kill, victim.Begin),
            1 => new Fault($"stops of a {of}", victim.Suspend, victim.Resume),
            2 => new Fault($"isolations of a {of}", () => lan.Split(number), () => lan.Heal(number)),
            3 => new Fault($"cables of a {of} pulled", () => lan.Unplug(number), () => lan.Plug(number)),
            4 => new Fault($"ways from a {of} cut", () => lan.CutWay(number, other), () => lan.HealWay(number, other)),
            _ => new Fault("kills of all", () => KillAll(ensemble), () => { }),
        };
    }

    private static void KillAll(EnsembleRun ensemble)
    {
        foreach (var server in ensemble.Servers)
            server.Kill();
        foreach (var server in ensemble.Servers)
            server.Begin();
    }

    private static int Number(string variable, int byDefault) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : byDefault;

    private sealed record Fault(string Name, Action Begin, Action End);
}
