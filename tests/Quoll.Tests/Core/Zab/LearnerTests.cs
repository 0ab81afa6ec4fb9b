using Quoll.Core.Election;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>What a learner does not take from a leader, and what it does not say before its disk bears it out.</summary>
public sealed class LearnerTests
{
    [Fact]
    public void ZOOKEEPER_335_an_epoch_is_promised_only_when_it_is_on_disk()
    {
        using var server = Learner();
        new ScriptedLeader(server, 4).Elect();
        var wire = server.Accept(ScriptedLeader.Id);
        wire.Take(PacketType.FollowerInfo, Z.Of(1, 0));
        server.DiskWaits = true;
        wire.Hear(PacketType.LeaderInfo, Z.Of(4, 0), [0, 1, 0, 0]);
        Assert.Empty(wire.Said);

        server.RunDisk();

        var promise = wire.Take(PacketType.AckEpoch, Z.Of(1, 3));
        Assert.Equal(1, new BytesReader(promise.Data!).Int());
    }

    [Fact]
    public void An_epoch_that_was_promised_before_is_promised_again_and_does_not_count()
    {
        using var server = Learner(accepted: 4);
        new ScriptedLeader(server, 4).Elect();
        var wire = server.Accept(ScriptedLeader.Id);
        wire.Take(PacketType.FollowerInfo, Z.Of(4, 0));

        wire.Hear(PacketType.LeaderInfo, Z.Of(4, 0), [0, 1, 0, 0]);

        Assert.Equal(-1, new BytesReader(wire.Take(PacketType.AckEpoch, Z.Of(1, 3)).Data!).Int());
    }

    // Each is said in the sync, after DIFF; Apache's server only warns of some of them.
    [Theory]
    [InlineData(PacketType.Proposal, 1, 3)]    // already logged
    [InlineData(PacketType.Proposal, 1, 5)]    // a hole
    [InlineData(PacketType.Proposal, 2, 2)]    // not the first of its epoch
    [InlineData(PacketType.Proposal, 5, 1)]    // of an epoch that is not this leader's
    [InlineData(PacketType.Commit, 1, 4)]      // of nothing that was proposed
    [InlineData(PacketType.Truncate, 1, 9)]    // above what is there
    [InlineData(PacketType.NewLeader, 3, 0)]   // another epoch
    [InlineData(PacketType.UpToDate, 0, 0)]    // before NEWLEADER
    [InlineData(PacketType.LeaderInfo, 4, 0)]
    [InlineData(PacketType.Sync, 0, 0)]
    public void What_does_not_fit_ends_the_connection_and_is_not_logged(PacketType type, int epoch, int counter)
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3));

        leader.Say(type, Z.Of(epoch, counter), type == PacketType.Proposal ? DataDirectory.TxnOf(Z.Of(epoch, counter)) : null);

        Assert.True(leader.Wire.Closed);
        Assert.Empty(leader.Wire.Said);
        Assert.Equal(Z.Of(1, 3), server.Reloaded().LastZxid);
        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void A_commit_that_passes_over_a_transaction_ends_the_connection()
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3)).Finish().Propose(Z.Of(4, 1)).Propose(Z.Of(4, 2));

        leader.Commit(Z.Of(4, 2));

        Assert.True(leader.Wire.Closed);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    public void The_first_transaction_is_the_next_or_the_first_of_an_epoch(int epoch, int counter)
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();

        leader.Say(PacketType.Diff).Propose(Z.Of(epoch, counter)).Commit(Z.Of(epoch, counter)).Finish();

        Assert.Equal(Z.Of(epoch, counter), server.Reloaded().LastZxid);
    }

    [Fact]
    public void A_ping_before_the_learner_serves_is_not_answered()
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();

        leader.Say(PacketType.Ping, Z.Of(1, 3)).NewLeader().Say(PacketType.Ping, Z.Of(1, 3));

        Assert.Equal([$"Ack {Z.Of(4, 0)}"], leader.Wire.TakeAll());
        leader.Say(PacketType.UpToDate, new Quoll.Protocol.Zxid(-1)).Say(PacketType.Ping, Z.Of(1, 3));
        Assert.Equal([$"Ack {Z.Of(4, 0)}", $"Ping {Z.Of(1, 3)}"], leader.Wire.TakeAll());
    }

    [Fact]
    public void The_answer_to_a_ping_has_data_though_there_may_be_none()
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).Finish().Say(PacketType.Ping, Z.Of(1, 3));

        Assert.Empty(leader.Wire.Take(PacketType.Ping).Data!);
    }

    [Fact]
    public void An_observer_acknowledges_only_the_epoch()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(4, SteppedServer.Config(3, observers: 1)), new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk);
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).Finish();

        leader.Say(PacketType.Inform, Z.Of(4, 1), DataDirectory.TxnOf(Z.Of(4, 1)));

        Assert.Empty(leader.Wire.Said);
        Assert.Equal(Z.Of(4, 1), server.Peer.LastProcessed);
    }

    [Fact]
    public void ZOOKEEPER_5088_an_observer_that_misses_a_transaction_comes_again()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(4, SteppedServer.Config(3, observers: 1)), new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk);
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).Finish().Say(PacketType.Inform, Z.Of(4, 1), DataDirectory.TxnOf(Z.Of(4, 1)));

        leader.Say(PacketType.Inform, Z.Of(4, 3), DataDirectory.TxnOf(Z.Of(4, 3)));

        Assert.True(leader.Wire.Closed);
        Assert.Equal(Z.Of(4, 1), server.Peer.LastProcessed);
    }

    // An Apache follower that serves observers may, as it goes over from its log to what it hears.
    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 1)]
    public void An_observer_may_be_told_twice_of_what_it_has(int epoch, int counter)
    {
        using var server = new SteppedServer(
            SteppedServer.Options(4, SteppedServer.Config(3, observers: 1)), new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk);
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff).Say(PacketType.Inform, Z.Of(4, 1), DataDirectory.TxnOf(Z.Of(4, 1)));

        leader.Say(PacketType.Inform, Z.Of(epoch, counter), DataDirectory.TxnOf(Z.Of(epoch, counter))).Finish();
        leader.Say(PacketType.Inform, Z.Of(4, 2), DataDirectory.TxnOf(Z.Of(4, 2)));

        Assert.Equal(Z.Of(4, 2), server.Peer.LastProcessed);
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3", "/n4-1", "/n4-2"], server.ZnodesOnDisk());
    }

    [Fact]
    public void Five_attempts_are_made_to_reach_a_leader()
    {
        using var server = Learner();
        new ScriptedLeader(server, 4).Elect();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.Equal(ServerState.Following, server.Peer.State);
            var (link, _) = server.Connecting.Dequeue();
            server.Do(peer => peer.OnLinkDown(link));
            server.Pass(100);
        }

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Theory]
    [InlineData(false, 10_000)]
    [InlineData(true, 5_000)]
    public void A_leader_that_is_not_heard_is_left(bool serves, int after)
    {
        using var server = Learner();
        var leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        if (serves)
            leader.Say(PacketType.Diff).Finish();
        server.Pass(after - 100);
        Assert.Equal(ServerState.Following, server.Peer.State);

        server.Pass(100);

        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    private static SteppedServer Learner(long accepted = 1) => new(
        SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 3).Epochs(accepted, 1).Disk);
}
