using Quoll.Core.Election;
using Quoll.Core;
using Quoll.Core.Zab;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>What a leader waits for before it speaks, and whom it refuses.</summary>
public sealed class LeaderTests
{
    [Fact]
    public void ZOOKEEPER_335_and_1192_an_epoch_is_named_only_when_it_is_on_disk()
    {
        using var server = Leads(out _);
        server.DiskWaits = true;
        var learner = new ScriptedLearner(server, 2).Introduce(4);
        Assert.Equal([DiskEffectKind.SaveAcceptedEpoch], server.DiskQueue);
        Assert.Empty(learner.Wire.Said);

        server.RunDisk();

        learner.Wire.Take(PacketType.LeaderInfo, Z.Of(5, 0));
    }

    [Fact]
    public void Who_connects_before_the_election_is_over_is_heard_when_it_is()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        var early = new ScriptedLearner(server, 2).Introduce(1);
        Assert.Empty(early.Wire.Said);

        ScriptedLearner.Elect(server);

        early.Wire.Take(PacketType.LeaderInfo, Z.Of(2, 0));
    }

    [Fact]
    public void The_current_epoch_is_on_disk_before_anybody_is_brought_to_it()
    {
        using var server = Leads(out _);
        var learner = new ScriptedLearner(server, 2).Introduce(1);
        server.DiskWaits = true;
        learner.Promise(Z.Of(1, 2), 1);
        Assert.Equal([DiskEffectKind.SaveCurrentEpoch], server.DiskQueue);
        Assert.Empty(learner.Wire.Said);

        server.RunDisk();

        learner.Wire.Take(PacketType.Diff);
    }

    [Fact]
    public void ZOOKEEPER_2959_observers_are_heard_of_their_epoch_and_make_no_quorum()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3, observers: 2)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        ScriptedLearner.Elect(server);
        var observers = new[] { 4, 5 }.Select(id => new ScriptedLearner(server, id, observes: true).Introduce(8)).ToList();
        Assert.All(observers, observer => Assert.Empty(observer.Wire.Said));
        Assert.Equal(1, server.Reloaded().AcceptedEpoch);

        new ScriptedLearner(server, 2).Introduce(1).Wire.Take(PacketType.LeaderInfo, Z.Of(9, 0));

        foreach (var observer in observers)
            observer.Promise(Z.Of(1, 2), 1);
        Assert.Equal(1, server.Reloaded().CurrentEpoch);
    }

    [Fact]
    public void A_learner_that_is_ahead_is_refused_while_the_first_quorum_forms()
    {
        using var server = Leads(out _);
        var ahead = new ScriptedLearner(server, 2).Introduce(1).Promise(Z.Of(1, 3), 1);

        Assert.True(ahead.Wire.Closed);
        Assert.Equal(1, server.Reloaded().CurrentEpoch);
        new ScriptedLearner(server, 1).Introduce(1).Promise(Z.Of(1, 2), 1).Wire.Take(PacketType.Diff);
    }

    [Fact]
    public void A_late_learner_that_is_ahead_in_an_older_epoch_has_a_stale_tail_and_one_of_a_newer_is_refused()
    {
        using var server = Leads(out var epoch);
        new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);

        new ScriptedLearner(server, 1).Introduce(1).Promise(Z.Of(1, 9), 1).Wire.Take(PacketType.Snapshot);
        var newer = new ScriptedLearner(server, 1).Introduce(epoch + 3).Promise(Z.Of(epoch + 2, 1), epoch + 2);

        Assert.True(newer.Wire.Closed);
    }

    [Fact]
    public void A_promise_that_was_given_before_does_not_count_again()
    {
        using var server = Leads(out _);
        new ScriptedLearner(server, 2).Introduce(1).Promise(Z.Of(1, 2), -1);

        Assert.Equal(1, server.Reloaded().CurrentEpoch);
    }

    [Fact]
    public void Who_has_acknowledged_is_pinged_while_the_leader_waits_for_others()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(5, SteppedServer.Config(5)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        foreach (var voter in new[] { 1, 2 })
            server.Do(peer => peer.OnNotification(voter, Notifications.Of(ServerState.Looking, 5, Z.Of(1, 2), 1, 1)));
        var first = new ScriptedLearner(server, 1).Introduce(1);
        new ScriptedLearner(server, 2).Introduce(1).Promise(Z.Of(1, 2), 1);
        first.Promise(Z.Of(1, 2), 1).Ack(Z.Of(2, 0));
        first.Wire.TakeAll();

        server.Pass(1_000);

        Assert.Equal(2, first.Wire.TakeAll().Count(packet => packet.StartsWith("Ping", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_transaction_is_committed_only_with_the_leaders_own_disk_or_two_others()
    {
        using var server = Leads(out var epoch);
        var follower = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);
        server.DiskWaits = true;
        server.Client();
        var proposal = follower.Wire.Take(PacketType.Proposal);

        follower.Ack(proposal.Zxid);
        Assert.Empty(follower.Wire.Said);
        server.RunDisk();

        follower.Wire.Take(PacketType.Commit, proposal.Zxid);
    }

    // Two followers have the first transaction of the epoch, and the leader's disk has not: no tree that it could send has it either.
    [Fact]
    public void A_tree_is_sent_only_when_it_has_all_that_a_quorum_counts_on_the_learner_for()
    {
        using var server = Leads(out var epoch);
        var (first, second) = (new ScriptedLearner(server, 1).Join(Z.Of(1, 2), 1, epoch), new ScriptedLearner(server, 2));
        second.Join(Z.Of(1, 2), 1, epoch);
        server.Do(peer => peer.BeginSnapshot());
        server.DiskWaits = true;
        server.Client();
        server.Client();
        first.Ack(Z.Of(epoch, 1));
        second.Ack(Z.Of(epoch, 1));
        Assert.Contains($"Commit {Z.Of(epoch, 1)}", first.Wire.TakeAll());
        first.Wire.Break();

        var again = new ScriptedLearner(server, 1).Introduce(epoch).Promise(Z.Of(epoch, 2), -1);

        Assert.Empty(again.Wire.Said);
        server.RunDisk();
        again.Wire.Take(PacketType.Snapshot, Z.Of(epoch, 0));
        again.Wire.Take(Packet.Tree);
        again.Wire.Take(PacketType.Proposal, Z.Of(epoch, 1));
    }

    [Fact]
    public void A_leader_without_a_quorum_gives_up()
    {
        using var server = Leads(out var epoch);
        new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);
        var client = server.Client();
        server.Wires[0].Hear(PacketType.Ack, Z.Of(epoch, 1));
        Assert.NotEqual(0, client.SessionId);

        server.Pass(7_000);

        Assert.Equal(ServerState.Looking, server.Peer.State);
        Assert.True(client.IsClosed);
    }

    [Fact]
    public void A_leader_that_finds_no_quorum_gives_up_after_initLimit()
    {
        using var server = Leads(out _);
        server.Pass(9_900);
        Assert.Equal(ServerState.Leading, server.Peer.State);

        server.Pass(200);

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    // ZOOKEEPER-1277, 4883 and 2789: the number after the last one of an epoch is the next epoch's.
    [Fact]
    public void ZOOKEEPER_1277_a_leader_gives_up_before_its_numbers_are_used_up()
    {
        var last = Z.Of(1, -0x10003);
        var lane = new DiskLane();
        var ensemble = new Ensemble(
            1, SteppedServer.Config(1), new Epochs(0, 0, lane), new History(last), new PeerLane(), lane, [])
        {
            TickTime = 1, InitTime = 1, SyncTime = 1,
        };
        var leader = new Leader(ensemble, null!, null, new Instant(0));
        ensemble.Epochs.OnSaved();
        leader.OnEpochSaved();
        ensemble.Epochs.OnSaved();
        leader.OnEpochSaved();

        while (leader.Ended is null && leader.NextZxid.Epoch == 1)
        {
            leader.Propose(leader.NextZxid, [1]);
            leader.Advance(new Instant(0));
        }

        Assert.NotNull(leader.Ended);
        Assert.Equal(1, leader.Proposals.Last.Epoch);
    }

    private static SteppedServer Leads(out int epoch)
    {
        epoch = 2;
        return ScriptedLearner.Elect(
            new SteppedServer(SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk));
    }
}
