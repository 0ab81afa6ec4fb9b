using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>Elections that meet servers which have a leader, and servers with a leader that meet an election.</summary>
public sealed class JoiningTests
{
    private static readonly Zxid Last = Z.Of(1, 1);

    [Fact]
    public void Who_leads_or_follows_answers_one_that_looks_and_nobody_else()
    {
        using var server = Follower();
        server.Votes.Clear();

        Hear(server, 3, ServerState.Looking, 3, Z.Of(9, 9), round: 9, epoch: 9);
        var (to, what) = Assert.Single(Told(server));
        Assert.Equal((3, ServerState.Following, 2), (to, what.State, what.Vote.Leader));

        Hear(server, 3, ServerState.Following, 2, Last, round: 9, epoch: 2);
        Assert.Single(server.Votes);
    }

    // ZOOKEEPER-1732, 1805, 1817 and 1818: those who have a leader must be able to agree on what they answer.
    [Fact]
    public void ZOOKEEPER_1732_the_answer_has_the_new_epoch_and_the_zxid_of_the_election()
    {
        using var server = Follower();
        var leader = server.Wires[0];
        leader.Hear(Quoll.Protocol.Records.PacketType.Proposal, Z.Of(2, 1), DataDirectory.TxnOf(Z.Of(2, 1)));
        leader.Hear(Quoll.Protocol.Records.PacketType.Commit, Z.Of(2, 1));
        server.Votes.Clear();

        Hear(server, 3, ServerState.Looking, 3, Last, round: 1, epoch: 1);

        Assert.Equal((Last, 2, 7), (Told(server)[0].What.Vote.Zxid, Told(server)[0].What.Vote.PeerEpoch, Told(server)[0].What.Round));
    }

    [Fact]
    public void ZOOKEEPER_1732_and_1514_a_joiner_takes_a_leader_whatever_round_and_zxid_its_quorum_tells()
    {
        using var server = Looking();

        Hear(server, 3, ServerState.Following, 2, Z.Of(1, 7), round: 5, epoch: 2);
        Assert.Equal(ServerState.Looking, server.Peer.State);
        Hear(server, 2, ServerState.Leading, 2, Last, round: 9, epoch: 2);

        Assert.Equal(ServerState.Following, server.Peer.State);
        Assert.Equal(2, server.Connecting.Peek().To.Server);
    }

    [Fact]
    public void ZOOKEEPER_1732_the_epoch_that_is_told_must_be_the_same()
    {
        using var server = Looking();

        Hear(server, 3, ServerState.Following, 2, Last, round: 5, epoch: 1);
        Hear(server, 2, ServerState.Leading, 2, Last, round: 5, epoch: 2);

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void A_joiner_waits_for_the_word_of_the_leader_itself()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(5)));
        foreach (var follower in new[] { 2, 3, 4 })
            Hear(server, follower, ServerState.Following, 5, Last, round: 5, epoch: 2);
        Hear(server, 5, ServerState.Following, 5, Last, round: 5, epoch: 2);
        Assert.Equal(ServerState.Looking, server.Peer.State);

        Hear(server, 5, ServerState.Leading, 5, Last, round: 5, epoch: 2);

        Assert.Equal(ServerState.Following, server.Peer.State);
    }

    [Fact]
    public void Two_of_five_who_have_a_leader_are_no_quorum()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(5)));
        Hear(server, 5, ServerState.Leading, 5, Last, round: 5, epoch: 2);
        Hear(server, 4, ServerState.Following, 5, Last, round: 5, epoch: 2);

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void ZOOKEEPER_975_a_joiner_with_the_best_vote_does_not_lead_beside_a_leader()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 9).Epochs(1, 1).Disk);
        server.Do(peer => peer.OnReachable(1, true));
        server.Do(peer => peer.OnReachable(2, true));

        Hear(server, 1, ServerState.Following, 2, Last, round: 1, epoch: 1);
        server.Pass(5_000);
        Assert.Equal(ServerState.Looking, server.Peer.State);
        Hear(server, 2, ServerState.Leading, 2, Last, round: 1, epoch: 1);

        Assert.Equal(ServerState.Following, server.Peer.State);
    }

    // Those who have heard of the own victory follow already; they count if they are of this round.
    [Theory]
    [InlineData(1, true)]
    [InlineData(4, false)]
    public void Followers_of_oneself_count_in_their_own_round(int round, bool leads)
    {
        using var server = Looking();

        Hear(server, 2, ServerState.Following, 1, default, round, epoch: 0);

        Assert.Equal(leads ? ServerState.Leading : ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void A_message_of_an_observer_that_observes_is_answered_and_one_of_a_voter_ignored()
    {
        using var server = Looking();
        Hear(server, 2, ServerState.Observing, 3, Z.Of(9, 9), round: 9, epoch: 9);
        Hear(server, 3, ServerState.Observing, 3, Z.Of(9, 9), round: 9, epoch: 9);

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    // ZOOKEEPER-1419 and 1514: an order that is not total lets five servers vote in circles.
    [Fact]
    public void ZOOKEEPER_1419_five_servers_settle_on_one()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(5), Of(1, 3), Of(1, 5), Of(2, 1), Of(2, 1), new DataDirectory().Log(1, 1, 9).Epochs(2, 1));

        ensemble.Elect(4);
        ensemble.Run();

        Assert.Equal(["/n2-1"], ensemble.AssertSame());
    }

    private static DataDirectory Of(int epoch, int last) => new DataDirectory().Log(epoch, 1, last).Epochs(epoch, epoch);

    [Fact]
    public void Who_was_chosen_and_is_left_for_a_better_one_joins_the_others_in_their_round()
    {
        using var server = new SteppedServer(SteppedServer.Options(2, SteppedServer.Config(3)));
        Hear(server, 1, ServerState.Looking, 2, default, round: 1, epoch: 0);
        Assert.Equal(ServerState.Leading, server.Peer.State);

        // The third was not there yet; the first hears of it before it decides.
        Hear(server, 3, ServerState.Looking, 3, default, round: 1, epoch: 0);
        Assert.Equal(ServerState.Leading, server.Peer.State);
        server.Votes.Clear();
        Hear(server, 1, ServerState.Looking, 3, default, round: 1, epoch: 0);
        Assert.Equal(ServerState.Following, server.Peer.State);
        Assert.All(Told(server), told => Assert.Equal(1, told.What.Round));
        Assert.Equal(3, Told(server)[^1].What.Vote.Leader);
        Assert.Equal(3, server.Connecting.Last().To.Server);
    }

    [Fact]
    public void Who_leads_a_quorum_is_not_left_because_others_look()
    {
        using var server = ScriptedLearner.Elect(new SteppedServer(SteppedServer.Options(3, SteppedServer.Config(3)), Of(1, 1).Disk));
        new ScriptedLearner(server, 2).Join(Last, 1, 2);
        Hear(server, 1, ServerState.Looking, 1, Last, round: 9, epoch: 1);
        Hear(server, 2, ServerState.Looking, 2, Last, round: 9, epoch: 1);
        Assert.Equal(ServerState.Leading, server.Peer.State);
    }

    private static SteppedServer Looking() => new(SteppedServer.Options(1, SteppedServer.Config(3)));

    private static SteppedServer Follower()
    {
        var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3)), Of(1, 1).Disk);
        var leader = new ScriptedLeader(server, 2).Elect(Last);
        leader.Greet();
        leader.Say(Quoll.Protocol.Records.PacketType.Diff, Last).Finish();
        return server;
    }

    private static void Hear(SteppedServer server, long from, ServerState state, long leader, Zxid zxid, int round, int epoch) =>
        server.Do(peer => peer.OnNotification(from, Notifications.Of(state, leader, zxid, round, epoch)));

    private static List<(long To, Notification What)> Told(SteppedServer server) =>
        [.. server.Votes.Select(said => (said.To, Notification.TryRead(said.Message, out var what) ? what : default))];
}
