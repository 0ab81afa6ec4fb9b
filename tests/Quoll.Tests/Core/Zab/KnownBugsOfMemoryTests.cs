using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// Bugs of Apache's servers in which memory and disk came to differ from one role to the next. What a server claims is compared with its
/// disk at each vote.
/// </summary>
public sealed class KnownBugsOfMemoryTests
{
    [Fact]
    public void ZOOKEEPER_2845_what_was_logged_and_not_committed_counts_in_the_next_vote()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 1)).Finish().Propose(Z.Of(2, 1));
        server.Votes.Clear();

        leader.Vanish();

        Assert.Equal(Z.Of(2, 1), VoteOf(server));
        Assert.Equal(Z.Of(2, 1), server.Peer.LastProcessed);
    }

    [Fact]
    public void ZOOKEEPER_4712_and_4541_and_4502_nothing_is_claimed_while_the_log_is_still_being_written()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 1)).Finish();
        server.Votes.Clear();
        server.DiskWaits = true;
        leader.Propose(Z.Of(2, 1));

        leader.Vanish();
        server.Do(peer => peer.OnNotification(3, Notifications.Of(ServerState.Looking, 3, Z.Of(1, 1), 8, 2)));
        server.Pass(1_000);
        Assert.Empty(server.Votes);
        Assert.Empty(server.Connecting);

        server.RunDisk();
        Assert.Equal(Z.Of(2, 1), VoteOf(server));
    }

    [Fact]
    public void ZOOKEEPER_3642_a_tree_that_is_not_on_disk_is_forgotten_with_its_leader()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(2, 9), new DataDirectory().Log(1, 1, 1).Log(2, 1, 9).Snapshot(Z.Of(2, 9)));
        Assert.Equal(Z.Of(2, 9), server.Peer.LastProcessed);
        server.Votes.Clear();

        leader.Vanish();

        Assert.Equal(Z.Of(1, 1), VoteOf(server));
        Assert.Equal(Z.Of(1, 1), server.Peer.LastProcessed);
        Assert.Equal(["/n1-1"], server.ZnodesOnDisk());
    }

    [Fact]
    public void ZOOKEEPER_5094_what_comes_after_a_cut_is_on_disk_or_forgotten()
    {
        using var server = Follower(last: 3);
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Truncate, Z.Of(1, 1)).Propose(Z.Of(2, 1)).Commit(Z.Of(2, 1)).Propose(Z.Of(2, 2)).Commit(Z.Of(2, 2));
        server.Votes.Clear();

        leader.Vanish();

        Assert.Equal(Z.Of(2, 2), VoteOf(server));
        Assert.Equal(["/n1-1", "/n2-1", "/n2-2"], server.ZnodesOnDisk());
    }

    [Fact]
    public void ZOOKEEPER_5094_a_cut_that_the_disk_has_not_done_is_waited_for()
    {
        using var server = Follower(last: 3);
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        server.DiskWaits = true;
        leader.Say(PacketType.Truncate, Z.Of(1, 1));
        server.Votes.Clear();

        leader.Vanish();
        server.Pass(500);
        Assert.Empty(server.Votes);
        server.RunDisk();

        Assert.Equal(Z.Of(1, 1), VoteOf(server));
    }

    /// <summary>A bug of ours: the claim would win an election over a server that has what this one lacks.</summary>
    [Fact]
    public void An_epoch_is_not_claimed_any_more_once_its_transactions_are_cut_away()
    {
        var disk = new DataDirectory().Log(1, 1, 3).Log(3, 1, 2).Epochs(3, 1).Disk;
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3)), disk);
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Truncate, Z.Of(1, 2));
        server.Votes.Clear();

        leader.Vanish();

        Assert.Equal(Z.Of(1, 2), VoteOf(server));
        Assert.True(Notification.TryRead(server.Votes[0].Message, out var vote));
        Assert.Equal(1, vote.Vote.PeerEpoch);
    }

    // After each thing the disk does: all of the old history, or all of the new.
    [Theory]
    [InlineData(3, 0)]
    [InlineData(2, 9)]
    public void ZOOKEEPER_2872_a_tree_is_on_disk_under_its_name_before_it_is_acknowledged(int epoch, int counter)
    {
        var name = Z.Of(epoch, counter);
        var tree = new DataDirectory().Log(1, 1, 1).Log(2, 1, 9).Snapshot(Z.Of(2, 9));
        for (var steps = 0; ; steps++)
        {
            using var server = Follower(last: 3);
            var leader = new ScriptedLeader(server, 3).Elect();
            leader.Greet();
            server.DiskWaits = true;
            leader.SendTree(name, tree).NewLeader();
            var done = Step(server, steps);
            Assert.Equal(done, leader.Wire.Said.Count > 0);

            server.Crash();
            server.Start();

            Assert.Contains(server.Reloaded().LastZxid, done ? [name] : new[] { Z.Of(1, 3), name });
            Assert.Equal(server.Reloaded().LastZxid == name ? 10 : 3, server.ZnodesOnDisk().Length);
            if (done)
                return;
        }
    }

    [Fact]
    public void A_tree_that_comes_to_the_disk_after_its_leader_is_gone_is_given_up()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        server.SnapshotsWait = true;
        leader.SendTree(Z.Of(3, 0), new DataDirectory().Log(1, 1, 1).Log(2, 1, 9).Snapshot(Z.Of(2, 9))).NewLeader();
        Assert.Contains(DiskEffectKind.EndSnapshot, server.DiskQueue);

        leader.Vanish();
        server.SnapshotsWait = false;
        server.RunDisk();
        server.Crash();
        server.Start();

        Assert.Equal(Z.Of(1, 1), VoteOf(server));
    }

    [Fact]
    public void ZOOKEEPER_3104_what_was_committed_while_a_tree_was_written_comes_before_NEWLEADER()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)),
            new DataDirectory().Log(1, 1, 5).Snapshot(Z.Of(1, 5)).Log(1, 6, 7).Delete("snapshot.0").Epochs(1, 1).Disk);
        ScriptedLearner.Elect(server);
        var learner = new ScriptedLearner(server, 2).Introduce(1).Promise(Z.Of(1, 2), 1);

        Assert.Equal(
            [$"Snapshot {Z.Of(1, 5)}", $"0 {Z.Of(1, 5)}", $"Proposal {Z.Of(1, 6)}", $"Commit {Z.Of(1, 6)}", $"Proposal {Z.Of(1, 7)}",
                $"Commit {Z.Of(1, 7)}", $"NewLeader {Z.Of(2, 0)}"],
            learner.Wire.TakeAll());
    }

    [Fact]
    public void ZOOKEEPER_2355_the_number_in_DIFF_is_not_taken_for_ones_own()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        server.Votes.Clear();

        leader.Say(PacketType.Diff, Z.Of(1, 9)).Propose(Z.Of(1, 2));
        leader.Vanish();

        Assert.Equal(Z.Of(1, 2), VoteOf(server));
    }

    // ZOOKEEPER-790, 962, 1282, 1291, 1264, 1367 and 1551: packets between a tree and UPTODATE were lost.
    [Fact]
    public void ZOOKEEPER_1282_nothing_is_lost_between_a_tree_and_UPTODATE()
    {
        using var server = Follower();
        server.SnapshotsWait = true;
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 4), new DataDirectory().Log(1, 1, 4).Snapshot(Z.Of(1, 4)));
        leader.Propose(Z.Of(1, 5)).Commit(Z.Of(1, 5)).Propose(Z.Of(1, 6)).NewLeader();
        leader.Commit(Z.Of(1, 6)).Propose(Z.Of(2, 1)).Say(PacketType.UpToDate, new Zxid(-1)).Commit(Z.Of(2, 1));
        Assert.False(server.Peer.Serves);

        server.SnapshotsWait = false;
        server.RunDisk();

        Assert.True(server.Peer.Serves);
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3", "/n1-4", "/n1-5", "/n1-6", "/n2-1"], server.ZnodesOnDisk());
        Assert.Equal(Z.Of(2, 1), server.Peer.LastProcessed);
        Assert.Equal(
            [$"Ack {Z.Of(2, 0)}", $"Ack {Z.Of(1, 6)}", $"Ack {Z.Of(2, 0)}", $"Ack {Z.Of(2, 1)}"], leader.Wire.TakeAll());
    }

    // A server whose memory is what its disk has keeps it: a large tree is not read twice.
    [Fact]
    public void ZOOKEEPER_2678_a_role_that_ends_well_leaves_memory_as_it_is()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 1)).Finish().Propose(Z.Of(2, 1)).Commit(Z.Of(2, 1));
        server.DiskWaits = true;

        leader.Vanish();

        Assert.Empty(server.DiskQueue);
        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void ZOOKEEPER_3598_nothing_of_an_earlier_role_comes_to_the_tree()
    {
        using var server = Follower();
        var old = new ScriptedLeader(server, 2).Elect();
        old.Greet();
        old.Say(PacketType.Diff, Z.Of(1, 1)).Finish();
        var wire = old.Wire;
        old.Vanish();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 1)).Finish();

        var late = Packet.Of(PacketType.Proposal, Z.Of(2, 1), DataDirectory.TxnOf(Z.Of(2, 1))).Raw;
        server.Do(peer => Assert.Equal(late.Length, peer.OnBytes(wire.Link!, late)));

        Assert.Equal(["/n1-1"], server.ZnodesOnDisk());
        Assert.True(server.Peer.Serves);
    }

    private static SteppedServer Follower(int last = 1) =>
        new(SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, last).Epochs(1, 1).Disk);

    private static bool Step(SteppedServer server, int steps)
    {
        for (; steps > 0 && server.DiskQueue.Any(); steps--)
            server.StepDisk();
        return !server.DiskQueue.Any();
    }

    private static Zxid VoteOf(SteppedServer server)
    {
        // Who is left in the middle of a synchronisation looks after a pause.
        server.Pass(100);
        Assert.True(Notification.TryRead(server.Votes[0].Message, out var vote));
        Assert.Equal((ServerState.Looking, server.Id), (vote.State, vote.Vote.Leader));
        return vote.Vote.Zxid;
    }
}
