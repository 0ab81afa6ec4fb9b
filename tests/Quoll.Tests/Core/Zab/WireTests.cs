using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// What was sent to Apache's servers to see what they do, and here to a follower: what it should do is known from that. The numbers are
/// those of <c>docs/known-bugs.md</c>.
/// </summary>
public sealed class WireTests
{
    [Fact]
    public void W1_a_log_is_cut_below_a_newer_snapshot_and_the_tree_with_it()
    {
        var data = new DataDirectory().Log(1, 1, 4).Log(2, 1, 2).Snapshot(Z.Of(2, 2)).Log(2, 3, 4).Snapshot(Z.Of(2, 4)).Log(3, 1, 4);
        using var server = Learner(data.Epochs(3, 3));
        var leader = new ScriptedLeader(server, 4).Elect();
        Assert.Equal(Z.Of(3, 4), leader.Greet().Zxid);

        leader.Say(PacketType.Truncate, Z.Of(2, 2)).Finish();

        Assert.Equal(Z.Of(2, 2), server.Peer.LastProcessed);
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3", "/n1-4", "/n2-1", "/n2-2"], server.ZnodesOnDisk());
        server.Crash();
        server.Start();
        AssertVotes(server, Z.Of(2, 2), 4);
    }

    [Fact]
    public void W2_a_cut_at_the_beginning_of_an_epoch_leaves_nothing_of_it()
    {
        using var server = Learner(new DataDirectory().Log(2, 1, 2).Log(3, 1, 4).Epochs(3, 3));
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();

        leader.Say(PacketType.Truncate, Z.Of(3, 0));

        Assert.Equal(["/n2-1", "/n2-2"], server.ZnodesOnDisk());
        leader.Finish().Propose(Z.Of(4, 1)).Commit(Z.Of(4, 1));
        leader.Wire.Take(PacketType.Ack, Z.Of(4, 1));
        Assert.Equal(["/n2-1", "/n2-2", "/n4-1"], server.ZnodesOnDisk());
    }

    [Fact]
    public void W3_a_cut_at_0_leaves_an_empty_log()
    {
        using var server = Learner(new DataDirectory().Log(1, 1, 1).Epochs(1, 1));
        var leader = new ScriptedLeader(server, 2).Elect();
        Assert.Equal(Z.Of(1, 1), leader.Greet().Zxid);

        leader.Say(PacketType.Truncate).Finish();

        Assert.Empty(server.ZnodesOnDisk());
        server.Crash();
        server.Start();
        AssertVotes(server, default, 2);
    }

    [Fact]
    public void W4_a_tree_retires_a_log_that_goes_beyond_it()
    {
        using var server = Learner(new DataDirectory().Log(3, 1, 4, "foreign").Epochs(3, 3));
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();

        leader.SendTree(Z.Of(3, 2), new DataDirectory().Log(3, 1, 2).Snapshot(Z.Of(3, 2))).Finish();

        server.Crash();
        server.Start();
        AssertVotes(server, Z.Of(3, 2), 4);
        Assert.Equal(["/n3-1", "/n3-2"], server.ZnodesOnDisk());
    }

    [Fact]
    public void W5_a_tree_of_the_new_epoch_retires_all_older_files()
    {
        using var server = Learner(new DataDirectory().Log(3, 1, 4, "foreign").Epochs(3, 3));
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();

        leader.SendTree(Z.Of(4, 0), new DataDirectory().Log(3, 1, 2).Snapshot(Z.Of(3, 2))).Finish();

        Assert.Equal(["acceptedEpoch", "currentEpoch", "snapshot.400000000"], server.Disk.List(LogFiles.Directory));
        server.Crash();
        server.Start();
        AssertVotes(server, Z.Of(4, 0), 4);
        Assert.Equal(["/n3-1", "/n3-2"], server.ZnodesOnDisk());
    }

    [Fact]
    public void W12_a_leader_with_an_epoch_older_than_was_promised_is_refused()
    {
        using var server = Learner(new DataDirectory().Log(3, 1, 1).Epochs(6, 3));
        new ScriptedLeader(server, 4).Elect();
        var wire = server.Accept(ScriptedLeader.Id);
        Assert.Equal(Z.Of(6, 0), wire.Take(PacketType.FollowerInfo).Zxid);

        wire.Hear(PacketType.LeaderInfo, Z.Of(4, 0), [0, 1, 0, 0]);

        Assert.Empty(wire.Said);
        Assert.True(wire.Closed);
        Assert.Equal(ServerState.Looking, server.Peer.State);
        Assert.Equal((6, 3), (server.Reloaded().AcceptedEpoch, server.Reloaded().CurrentEpoch));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void W14_a_failed_multi_changes_nothing_in_either_of_its_forms(bool asApplied)
    {
        using var server = Learner(new DataDirectory().Log(1, 1, 1).Epochs(1, 1));
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        var first = Txns.Create(Z.Of(1, 2).Value, "/m", -1);
        if (asApplied)
            new byte[] { 0xff, 0xff, 0xff, 0xff }.CopyTo(first, 28);   // its type is an error's, over the bytes of the create
        var multi = Txns.Multi(Z.Of(1, 2).Value, first, Txns.Error(0, ErrorCode.NoNode));

        leader.Say(PacketType.Diff, Z.Of(1, 2)).Say(PacketType.Proposal, Z.Of(1, 2), multi).Commit(Z.Of(1, 2)).Finish();

        Assert.Equal(Z.Of(1, 2), server.Peer.LastProcessed);
        Assert.Equal(["/n1-1"], server.ZnodesOnDisk());
    }

    private static SteppedServer Learner(DataDirectory data) => new(SteppedServer.Options(1, SteppedServer.Config(3)), data.Disk);

    private static void AssertVotes(SteppedServer server, Zxid zxid, long epoch)
    {
        Assert.True(Notification.TryRead(server.Votes[0].Message, out var vote));
        Assert.Equal((1, zxid, epoch), (vote.Vote.Leader, vote.Vote.Zxid, vote.Vote.PeerEpoch));
    }
}
