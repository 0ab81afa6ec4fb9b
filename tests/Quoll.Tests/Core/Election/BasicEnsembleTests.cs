using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>Whole servers that elect their leader with <c>electionAlg=0</c>.</summary>
public sealed class BasicEnsembleTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void The_server_with_the_longest_history_is_elected_and_the_others_are_brought_to_it(int servers)
    {
        using var ensemble = Of(servers, [.. Enumerable.Range(1, servers).Select(id => History(1, id == 2 ? 9 : id))]);

        ensemble.Elect(2);
        ensemble.Run();

        Assert.Equal(9, ensemble.AssertSame().Length);
    }

    [Fact]
    public void ZOOKEEPER_1419_five_servers_settle_on_one()
    {
        using var ensemble = Of(
            5, History(1, 3), History(1, 5), History(2, 1), History(2, 1), new DataDirectory().Log(1, 1, 9).Epochs(2, 1));

        ensemble.Elect(4);
        ensemble.Run();

        Assert.Equal(["/n2-1"], ensemble.AssertSame());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_lost_leader_is_replaced_and_comes_back_as_a_follower(int servers)
    {
        using var ensemble = Of(servers, [.. Enumerable.Range(1, servers).Select(_ => History(1, 1))]);
        ensemble.Elect(servers);
        ensemble.Run();
        ensemble.Crash(servers);

        ensemble.Elect(servers - 1);
        ensemble.Run();
        var client = ensemble.Client(1);
        Assert.Equal(default, ensemble.Ask(client, Ask.Create("/a", "")));
        ensemble.Start(servers);
        ensemble.Run();

        Assert.Equal(ServerState.Following, ensemble[servers].Peer.State);
        Assert.Equal(["/a", "/n1-1"], ensemble.AssertSame());
    }

    [Fact]
    public void A_leader_that_is_cut_off_is_replaced_and_gives_up()
    {
        using var ensemble = Of(3, History(1, 1), History(1, 1), History(1, 1));
        ensemble.Elect(3);
        ensemble.Run();

        ensemble.Part(3);
        ensemble.Run(20_000);
        Assert.Equal(ServerState.Leading, ensemble[2].Peer.State);
        Assert.Equal(ServerState.Looking, ensemble[3].Peer.State);
        ensemble.Join(3);
        ensemble.Run();

        Assert.Equal(ServerState.Following, ensemble[3].Peer.State);
        ensemble.AssertSame();
    }

    [Fact]
    public void Observers_follow_and_a_voter_without_weight_is_not_elected()
    {
        var members = SteppedServer.Config(4, observers: 1).Members.Values;
        var groups = new Dictionary<long, long> { [1] = 1, [2] = 1, [3] = 1, [4] = 1 };
        var config = new EnsembleConfig(members, groups, new Dictionary<long, long> { [4] = 0 });
        using var ensemble = new SteppedEnsemble(
            ElectionAlgorithm.Basic, config, History(1, 1), History(1, 2), History(1, 1), History(1, 1), History(1, 1));

        ensemble.Run();

        Assert.Equal(
            [ServerState.Following, ServerState.Leading, ServerState.Following, ServerState.Following, ServerState.Observing],
            Enumerable.Range(1, 5).Select(id => ensemble[id].Peer.State ?? default));
        Assert.Equal(2, ensemble.AssertSame().Length);
    }

    public static TheoryData<int, int> Weathers =>
        [.. Enumerable.Range(1, 20).Select(seed => (seed, 3 + (seed % 2 * 2)))];

    [Theory]
    [MemberData(nameof(Weathers))]
    public void A_leader_is_found_though_datagrams_are_lost_and_come_twice_and_in_any_order(int seed, int servers)
    {
        using var ensemble = new SteppedEnsemble(
            ElectionAlgorithm.Basic, SteppedServer.Config(servers),
            [.. Enumerable.Range(1, servers).Select(id => History(1, 1 + (((id * 7) + seed) % 4)))])
        {
            Weather = new Random(seed),
        };
        ensemble.Run(10_000);
        ensemble.AssertSame();
        var leader = Enumerable.Range(1, servers).Single(id => ensemble[id].Peer.State == ServerState.Leading);

        ensemble.Crash(leader);
        ensemble.Run(20_000);
        ensemble.AssertSame();
        ensemble.Start(leader);
        ensemble.Run(10_000);

        ensemble.AssertSame();
        Assert.Equal(ServerState.Following, ensemble[leader].Peer.State);
    }

    private static SteppedEnsemble Of(int servers, params DataDirectory[] disks) =>
        new(ElectionAlgorithm.Basic, SteppedServer.Config(servers), disks);

    private static DataDirectory History(int epoch, int last) => new DataDirectory().Log(epoch, 1, last).Epochs(epoch, epoch);
}
