using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// Bugs of Apache's servers in which an epoch was named, or acknowledged, before its history was on disk. All begin with three servers in
/// epoch 1: 1|1 is everywhere, and 1|2 on some disks only.
/// </summary>
public sealed class KnownBugsOfSyncTests
{
    private static readonly Zxid Last = Z.Of(1, 2);

    [Fact]
    public void ZOOKEEPER_3911_the_epoch_is_acknowledged_with_its_history_on_disk()
    {
        using var ensemble = Three(1, 1, 2);
        ensemble.Crash(1);
        ensemble.Elect(3);
        ensemble.Run();
        Assert.True(ensemble[3].Peer.Serves);

        ensemble.Crash(2, 3);
        ensemble.Start(1, 2);
        ensemble.Run();

        Assert.Equal(["/n1-1", "/n1-2"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_4646_and_4785_the_epoch_is_acknowledged_when_the_disk_has_done_and_not_when_it_was_asked()
    {
        using var server = Follower(1);
        server.DiskWaits = true;
        var leader = Sync(server);

        Assert.Equal([DiskEffectKind.Append], server.DiskQueue);
        Assert.Empty(leader.Wire.Said);
        server.StepDiskThrough(DiskEffectKind.Append);
        Assert.Equal([DiskEffectKind.SaveCurrentEpoch], server.DiskQueue);
        Assert.Empty(leader.Wire.Said);
        server.StepDiskThrough(DiskEffectKind.SaveCurrentEpoch);
        leader.Wire.Take(PacketType.Ack, Z.Of(2, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ZOOKEEPER_4643_the_current_epoch_is_not_written_before_the_transactions_are_on_disk(int steps)
    {
        using var ensemble = Three(1, 2, 2);
        ensemble.Crash(3);
        ensemble.Elect(2);
        ensemble[1].DiskWaits = true;
        var wire = ensemble.Learner(1, 2);
        SteppedEnsemble.DeliverThrough(wire, PacketType.FollowerInfo);
        SteppedEnsemble.DeliverThrough(wire.Other!, PacketType.LeaderInfo);
        ensemble[1].RunDisk();
        SteppedEnsemble.DeliverThrough(wire, PacketType.AckEpoch);
        SteppedEnsemble.DeliverThrough(wire.Other!, PacketType.NewLeader);
        for (; steps > 0 && ensemble[1].DiskQueue.Any(); steps--)
            ensemble[1].StepDisk();

        ensemble.Crash(1, 2);
        ensemble[1].DiskWaits = false;
        ensemble.Start(1, 3);
        ensemble.Run();

        Assert.Equal(["/n1-1", "/n1-2"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_4685_what_came_before_the_epoch_is_acknowledged_behind_it()
    {
        using var server = Follower(1);
        var leader = Greet(server).Say(PacketType.Diff, Last).Propose(Last);
        leader.NewLeader();

        Assert.Equal([$"Ack {Z.Of(2, 0)}", $"Ack {Last}"], leader.Wire.TakeAll());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ZOOKEEPER_4394_and_3023_a_commit_after_NEWLEADER_is_applied_before_clients_are_served(bool commitsBefore)
    {
        using var server = Follower(1);
        server.DiskWaits = true;
        var leader = Greet(server).Say(PacketType.Diff, Last).Propose(Last);
        if (commitsBefore)
            leader.Commit(Last).NewLeader();
        else
            leader.NewLeader().Commit(Last);
        leader.Say(PacketType.UpToDate, new Zxid(-1));
        Assert.False(server.Peer.Serves);

        server.RunDisk();

        Assert.True(server.Peer.Serves);
        Assert.Equal(Last, server.Peer.LastProcessed);
    }

    [Fact]
    public void ZOOKEEPER_3023_a_client_that_has_seen_more_is_sent_away()
    {
        using var server = Follower(1);
        Sync(server).Wire.Take(PacketType.Ack);
        server.Wires[0].Hear(PacketType.UpToDate, new Zxid(-1));
        var client = server.Open();

        client.SendConnect(lastZxid: Last.Next.Value);

        Assert.True(client.IsClosed);
    }

    [Fact]
    public void ZOOKEEPER_4925_what_came_in_the_sync_is_handed_on_with_what_came_after()
    {
        using var server = Follower(1);
        var leader = Sync(server);
        leader.Wire.Take(PacketType.Ack);
        leader.Say(PacketType.UpToDate, new Zxid(-1)).Propose(Z.Of(2, 1)).Commit(Z.Of(2, 1));
        leader.Vanish();

        var learner = new ScriptedLearner(ScriptedLearner.Elect(server, round: 8), 2).Introduce(1).Promise(Z.Of(1, 1), 1);

        var sent = learner.Wire.TakeAll();
        Assert.Equal([$"Proposal {Last}", $"Proposal {Z.Of(2, 1)}"], sent.Where(packet => packet.StartsWith('P')));
    }

    [Fact]
    public void A_leader_says_nothing_but_pings_between_NEWLEADER_and_UPTODATE()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        var first = new ScriptedLearner(ScriptedLearner.Elect(server), 2).Join(Last, 1, 2);
        var late = new ScriptedLearner(server, 1).Introduce(1).Promise(Z.Of(1, 1), 1);
        Assert.Equal($"NewLeader {Z.Of(2, 0)}", late.Wire.TakeAll()[^1]);

        server.Client();
        first.Ack(Z.Of(2, 1));
        server.Client();
        server.Pass(600);

        Assert.DoesNotContain(late.Wire.TakeAll(), packet => !packet.StartsWith("Ping", StringComparison.Ordinal));
        late.Ack(Z.Of(2, 0));
        Assert.Equal(
            [$"UpToDate {new Zxid(-1)}", $"Proposal {Z.Of(2, 1)}", $"Commit {Z.Of(2, 1)}", $"Proposal {Z.Of(2, 2)}"], late.Wire.TakeAll());
    }

    [Fact]
    public void A_leader_sends_its_first_history_as_committed()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk);
        var learner = new ScriptedLearner(ScriptedLearner.Elect(server), 2).Introduce(1).Promise(Z.Of(1, 1), 1);

        Assert.Equal(
            [$"Diff {Z.Of(1, 3)}", $"Proposal {Last}", $"Commit {Last}", $"Proposal {Z.Of(1, 3)}", $"Commit {Z.Of(1, 3)}",
                $"NewLeader {Z.Of(2, 0)}"],
            learner.Wire.TakeAll());
    }

    // Apache's observers name the epoch first: harmless until one of them is made a voter.
    [Fact]
    public void An_observer_has_the_history_on_disk_before_the_epoch_as_well()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(4, SteppedServer.Config(3, observers: 1)), new DataDirectory().Log(1, 1, 1).Epochs(1, 1).Disk);
        server.DiskWaits = true;
        var leader = Greet(server);
        leader.Say(PacketType.Diff, Last).Say(PacketType.Inform, Last, DataDirectory.TxnOf(Last)).NewLeader();

        Assert.Equal([DiskEffectKind.Append], server.DiskQueue);
        server.RunDisk();

        Assert.Equal([$"Ack {Z.Of(2, 0)}"], leader.Wire.TakeAll());
        Assert.Equal((Last, 2), (server.Reloaded().LastZxid, server.Reloaded().CurrentEpoch));
    }

    private static SteppedEnsemble Three(params int[] last) => new(
        SteppedServer.Config(3), [.. last.Select(counter => new DataDirectory().Log(1, 1, counter).Epochs(1, 1))]);

    private static SteppedServer Follower(int last) =>
        new(SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, last).Epochs(1, 1).Disk);

    private static ScriptedLeader Greet(SteppedServer server)
    {
        var leader = new ScriptedLeader(server, 2).Elect();
        var waits = server.DiskWaits;
        server.DiskWaits = false;
        leader.Greet();
        server.DiskWaits = waits;
        return leader;
    }

    private static ScriptedLeader Sync(SteppedServer server) =>
        Greet(server).Say(PacketType.Diff, Last).Propose(Last).Commit(Last).NewLeader();
}
