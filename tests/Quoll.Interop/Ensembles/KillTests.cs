using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Servers that die or stand still under clients that go from one to another.</summary>
[Trait("server", "Quoll")]
public sealed class KillTests
{
    private const int Clients = 5;
    private const int Writes = 300;

    [Theory]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(5, true)]
    public async Task A_server_is_killed_under_load_and_comes_back(int voters, bool isLeader)
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(voters));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var victim = await VictimAsync(ensemble, isLeader);
            victim.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            victim.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task All_servers_are_killed_at_once_and_nothing_acknowledged_is_lost()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            foreach (var server in ensemble.Servers)
                server.Kill();
            foreach (var server in ensemble.Servers)
                server.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task A_follower_that_stood_still_for_longer_than_it_may_joins_anew()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var follower = await VictimAsync(ensemble, isLeader: false);
            var leader = await ensemble.LeaderAsync();
            follower.Suspend();
            await leader.UntilSaidAsync($"server {ensemble.NumberOf(follower)} was disconnected: it was not heard in time");
            await load.UntilAcknowledgedAsync(Writes);
            follower.Resume();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    [Fact]
    public async Task A_leader_that_stood_still_while_another_was_elected_says_yes_to_nothing()
    {
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3));
        await ensemble.ExplainAsync(async () =>
        {
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            var old = await ensemble.LeaderAsync();
            var others = ensemble.Servers.Where(server => server != old).ToList();
            using var before = await RawSession.OpenAsync(old.EndPoint);
            Assert.Equal(0, (await before.CreateAsync("/before", "0")).Error);
            old.Suspend();

            // What lies in its socket when it wakes: a write, one on a condition that holds no more by then, and one that comes too late.
            Task<Reply>[] stale =
                [before.CreateAsync("/stale", ""), before.SetAsync("/before", "stale", 0), before.SetAsync("/before", "stale", -1)];
            await ensemble.AgreeAsync(others);
            using (var session = await RawSession.OpenAsync(others[0].EndPoint))
                Assert.Equal(0, (await session.SetAsync("/before", "newer", 0)).Error);
            await load.UntilAcknowledgedAsync(Writes);
            old.Resume();

            foreach (var write in stale)
                await Assert.ThrowsAsync<IOException>(() => write);
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            using var after = await RawSession.OpenAsync(old.EndPoint);
            Assert.Equal(0, (await after.SyncAsync()).Error);
            Assert.Equal(("newer", 1), await after.GetAsync("/before") is { } state ? (state.Data, state.Version) : default);
            Assert.Null(await after.GetAsync("/stale"));
            await load.FinishAsync();
        });
    }

    private static async Task<ServerProcess> VictimAsync(EnsembleRun ensemble, bool isLeader)
    {
        var leader = await ensemble.LeaderAsync();
        return isLeader ? leader : ensemble.Servers.First(server => server != leader);
    }
}
