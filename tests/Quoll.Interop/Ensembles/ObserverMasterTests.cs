using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Followers of either kind that serve observers of either kind, under clients that go from one server to another.</summary>
public sealed class ObserverMasterTests
{
    private const ServerKind Apache = ServerKind.Apache;
    private const ServerKind Quoll = ServerKind.Quoll;
    private const int Clients = 5;
    private const int Writes = 150;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Who votes, the last one the leader where it matters; and the observers.</summary>
    public static TheoryData<ServerKind[], ServerKind[]> Mixtures => new()
    {
        { [Quoll, Quoll, Quoll], [Quoll, Apache] },
        { [Apache, Apache, Quoll], [Quoll] },
        { [Quoll, Quoll, Apache], [Apache] },
    };

    [Theory, MemberData(nameof(Mixtures))]
    public async Task An_observer_learns_from_a_follower_and_when_that_is_killed_from_another(ServerKind[] votes, ServerKind[] observes)
    {
        await using var ensemble = await EnsembleRun.StartAsync(
            new EnsemblePlan(votes) { Observers = observes, FollowersServeObservers = true, Settings = ["tickTime=300"] });
        await ensemble.ExplainAsync(async () =>
        {
            if (votes.Distinct().Count() > 1)
                await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            var leader = await ensemble.LeaderAsync();
            var observer = ensemble.Servers[3];
            await using var load = await RoamingLoad.BeginAsync(ensemble, Clients);
            await load.UntilAcknowledgedAsync(Writes);
            using var session = await RawSession.OpenAsync(observer.EndPoint);
            Assert.Equal(0, (await session.CreateAsync("/mine", "", flags: 1)).Error);
            Assert.Equal(0, (await session.SyncAsync()).Error);
            using var there = await MoveAsync(session, ensemble.Servers[0]);
            Assert.Equal(0, (await there.SetAsync("/mine", "there", -1)).Error);
            using var here = await MoveAsync(there, observer);
            Assert.Equal("there", (await here.GetAsync("/mine"))!.Data);
            Assert.Equal(0, (await here.CloseAsync()).Error);

            var lost = await ensemble.MasterOfAsync(observer);
            Assert.Contains(lost, ensemble.Servers.Take(3).Where(server => server != leader));
            lost.Kill();
            await load.UntilAcknowledgedAsync(Writes);
            await Deadline.UntilAsync(
                Patience, "the other follower serves it", () => OtherServesAsync(ensemble, observer, [lost, leader]),
                () => ensemble.Output);
            await load.UntilAcknowledgedAsync(Writes);
            lost.Begin();
            await ensemble.AgreeAsync();
            await load.UntilAcknowledgedAsync(Writes);
            await load.FinishAsync();
        });
    }

    private static async Task<bool> OtherServesAsync(EnsembleRun ensemble, ServerProcess observer, ServerProcess[] not)
    {
        var answer = await observer.AskAsync("mntr");
        return answer.Contains("zk_observer_master_id\t", StringComparison.Ordinal)
            && await ensemble.MasterOfAsync(observer) is var master && !not.Contains(master);
    }

    // A server that has not yet seen what the session has seen refuses it, and a client then tries again.
    private static Task<RawSession> MoveAsync(RawSession session, ServerProcess to) =>
        Deadline.PollAsync(Patience, $"the session goes on at {to.Address}", async () =>
        {
            try
            {
                return await RawSession.ResumeAsync(to.EndPoint, session);
            }
            catch (EndOfStreamException)
            {
                return null;
            }
        });
}
