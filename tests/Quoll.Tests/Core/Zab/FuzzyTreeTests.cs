using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// An Apache leader writes its tree to a learner while it goes on changing it: what the learner gets has some of what came after the
/// number that it is sent under. Before a change comes into the tree it is queued for the learner, which has them all at NEWLEADER.
/// </summary>
public sealed class FuzzyTreeTests
{
    private static readonly byte[][] Changes =
    [
        Txns.Create(Z.Of(1, 6).Value, "/a", 1), Txns.Create(Z.Of(1, 7).Value, "/b", 2), Txns.Create(Z.Of(2, 1).Value, "/c", 3),
        Txns.Create(Z.Of(2, 2).Value, "/d", 4),
    ];

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]   // in the tree already: nothing can be said
    [InlineData(2, 1)]
    public void Digests_are_compared_once_a_tree_has_all_that_was_committed_while_it_was_written(int wrong, long mismatches)
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 5), Fuzzy());
        var told = WithDigests(wrong);

        Tell(leader, told[0]);
        Tell(leader, told[1]);
        leader.Finish();
        Tell(leader, told[2]);

        Assert.Equal(mismatches, server.Peer.Introspection.DigestMismatches);
        Assert.Equal(mismatches, server.Reloaded().DigestMismatches);
        Tell(leader, told[3]);
        Assert.Equal(mismatches, server.Peer.Introspection.DigestMismatches);
        Assert.Equal(["/a", "/b", "/c", "/d"], server.ZnodesOnDisk());
    }

    [Fact]
    public void A_tree_that_parted_from_the_leaders_is_noticed_with_the_first_change_behind_NEWLEADER()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 5), new DataDirectory().Log(1, 1, 5).Snapshot(Z.Of(1, 5)));
        var told = WithDigests();

        Tell(leader, told[0]);
        Tell(leader, told[1]);
        leader.Finish();
        Assert.Equal(0, server.Peer.Introspection.DigestMismatches);
        Tell(leader, told[2]);

        Assert.Equal(1, server.Peer.Introspection.DigestMismatches);
        Assert.Contains(server.Notices, notice => notice.Kind == NoticeKind.DigestMismatch);
    }

    // The leader begins to queue, and then reads how far its tree has come, which may be farther.
    [Fact]
    public void What_a_tree_has_may_be_told_again_behind_it()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 7), Whole());
        var told = WithDigests();

        leader.Say(PacketType.Proposal, Z.Of(1, 6), told[0]).Commit(Z.Of(1, 6)).Say(PacketType.Proposal, Z.Of(1, 7), told[1]);
        leader.Say(PacketType.Proposal, Z.Of(2, 1), told[2]).Commit(Z.Of(1, 7)).Commit(Z.Of(2, 1)).Finish();
        Tell(leader, told[3]);

        Assert.Equal(ServerState.Following, server.Peer.State);
        Assert.Equal(Z.Of(2, 2), server.Peer.LastProcessed);
        Assert.Equal(0, server.Peer.Introspection.DigestMismatches);
        Assert.Equal(["/a", "/b", "/c", "/d"], server.ZnodesOnDisk());
    }

    [Fact]
    public void What_is_behind_a_tree_is_told_once()
    {
        using var server = Follower();
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 5), Fuzzy());
        Tell(leader, Changes[0]);

        Tell(leader, Changes[0]);

        Assert.True(leader.Wire.Closed);
    }

    private static void Tell(ScriptedLeader leader, byte[] txn) =>
        leader.Say(PacketType.Proposal, Txns.ZxidOf(txn), txn).Commit(Txns.ZxidOf(txn));

    // The tree of 1|5, in which nothing is: 1|6 and 1|7 came into it when the root had been written.
    private static DataDirectory Fuzzy() => Tree(new SnapshotBuilder(Z.Of(1, 5).Value));

    private static DataDirectory Whole() =>
        Tree(new SnapshotBuilder(Z.Of(1, 7).Value).Znode("", 0, cversion: 2, pzxid: Z.Of(1, 7).Value, data: ""));

    private static DataDirectory Tree(SnapshotBuilder root)
    {
        var directory = new DataDirectory();
        root.Znode("/zookeeper", 0, data: "").Znode("/a", Z.Of(1, 6).Value).Znode("/b", Z.Of(1, 7).Value).Write(directory.Disk);
        return directory;
    }

    // As the leader tells them: what each tells of is its own tree at that time.
    private static byte[][] WithDigests(int wrong = -1)
    {
        var tree = new RecoveredState(RecoveredDirectory.Options);
        var told = new List<byte[]>();
        foreach (var change in Changes)
        {
            tree.Replay(change);
            told.Add(Txns.WithDigest(change, told.Count == wrong ? 666 : tree.Digest));
        }

        return [.. told];
    }

    private static SteppedServer Follower() =>
        new(SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 1).Epochs(1, 1).Disk);
}
