using Quoll.Interop.Clients;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Nothing is broken, but something is slow.</summary>
[Trait("server", "Quoll")]
public sealed class SlowTests
{
    private const int Clients = 5;
    private const int Writes = 200;
    private const int Large = 500_000;

    [Fact]
    public async Task Servers_that_are_far_apart_serve_and_change_their_leader()
    {
        await using var relays = new RelaySet { Delay = TimeSpan.FromMilliseconds(40) };
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3) with { Relays = relays });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            leader.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            leader.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task A_server_that_is_sent_much_over_a_slow_link_has_it_in_the_end_and_others_go_on_meanwhile()
    {
        await using var relays = new RelaySet();
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3) with { Relays = relays });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            var leader = await ensemble.LeaderAsync();
            var away = ensemble.Servers.First(server => server != leader);
            away.Kill();
            using (var session = await RawSession.OpenAsync(leader.EndPoint))
            {
                for (var number = 0; number < 6; number++)
                    Assert.Equal(0, (await session.CreateAsync($"/large-{number}", new string('x', Large))).Error);
            }

            relays.BytesPerSecond = 1_000_000;
            away.Begin();
            await load.UntilAcknowledgedAsync(Writes);
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            relays.BytesPerSecond = int.MaxValue;
            await load.FinishAsync();
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_whose_disk_is_slow_holds_up_nobody_but_itself(bool leads)
    {
        using var directory = new TempDirectory();
        var library = directory.File("diskfault.so");
        await CompilerRun.LibraryAsync(Path.Combine(AppContext.BaseDirectory, "Disk", "c", "diskfault.c"), library);
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3) with { Environment = Faulty });
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var leader = await ensemble.LeaderAsync();
            var slow = leads ? leader : ensemble.Servers.First(server => server != leader);
            File.WriteAllText(directory.File($"fault-{ensemble.NumberOf(slow)}"), "sync-slow");
            await load.UntilAcknowledgedAsync(Writes);
            if (leads)
                Assert.Equal(leader, await ensemble.LeaderAsync());
            File.Delete(directory.File($"fault-{ensemble.NumberOf(slow)}"));
            await load.FinishAsync();
        });

        Dictionary<string, string> Faulty(int number) =>
            new() { ["LD_PRELOAD"] = library, ["QUOLL_DISK_FAULT"] = directory.File($"fault-{number}") };
    }

    [Fact]
    public async Task A_server_that_was_away_for_longer_than_the_log_reaches_back_is_sent_a_snapshot()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3, "snapCount=100", "autopurge.purgeInterval=200ms"));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            var leader = await ensemble.LeaderAsync();
            var away = ensemble.Servers.First(server => server != leader);
            away.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            var had = load.Ledger.HighestZxid;
            foreach (var server in ensemble.Running)
                await server.UntilAsync($"its log does not reach back to {had:x}", () => LogsOf(server).Min() > had);
            away.Begin();
            await away.UntilSaidAsync("is on disk and replaces all that was there");
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    // By the first transaction of each file, which is its name.
    private static List<long> LogsOf(ServerProcess server) =>
        [.. Directory.GetFiles(server.VersionDirectory, "log.*").Select(path => Convert.ToInt64(Path.GetExtension(path)[1..], 16))];
}
