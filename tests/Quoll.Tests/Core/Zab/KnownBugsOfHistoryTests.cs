using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>Bugs of Apache's servers in which what was cut came back, or what was never there was handed on.</summary>
public sealed class KnownBugsOfHistoryTests
{
    [Fact]
    public void ZOOKEEPER_1549_what_a_leader_never_brought_to_a_quorum_is_gone_when_it_comes_back()
    {
        var alone = new DataDirectory().Log(7, 1, 3).Log(7, 4, 4).Snapshot(Z.Of(7, 4)).Epochs(7, 7);
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), alone, Of(7, 3), Of(7, 3));
        ensemble.Crash(1);
        ensemble.Run();
        ensemble.AssertSame();

        ensemble.Start(1);
        ensemble.Run();

        Assert.Equal(["/n7-1", "/n7-2", "/n7-3"], ensemble.AssertSame());
        ensemble.Crash(1);
        ensemble.Start(1);
        ensemble.Run();
        Assert.Equal(["/n7-1", "/n7-2", "/n7-3"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_1549_a_leader_that_dies_before_its_quorum_has_its_history_leaves_no_snapshot_of_it()
    {
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), Of(7, 4), Of(7, 3), Of(7, 3));
        ensemble.Crash(3);
        ensemble.Elect(1);

        Assert.Single(Quoll.Storage.DataFiles.Snapshots(ensemble[1].Disk, LogFiles.Directory));
    }

    // Nobody else may count on a server that claims the epoch of a history and has lost it.
    [Fact]
    public void A_history_that_can_not_be_cut_is_kept_until_a_whole_tree_takes_its_place()
    {
        var tree = new DataDirectory().Log(3, 1, 4).Snapshot(Z.Of(5, 0)).Delete("snapshot.0").Delete("log.300000001").Epochs(5, 5);
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), tree, Of(3, 3).Epochs(4, 3), Of(3, 3).Epochs(5, 3));
        ensemble.Crash(1);
        ensemble.Elect(3);
        ensemble.Run();
        ensemble.Start(1);

        for (var turn = 0; turn < 100; turn++)
        {
            ensemble.Run(0);
            Assert.NotEmpty(ensemble[1].ZnodesOnDisk());
        }

        Assert.Equal(["/n3-1", "/n3-2", "/n3-3"], ensemble.AssertSame());
    }

    [Fact]
    public void A_transaction_that_nobody_else_has_is_cut_before_the_first_epoch_as_well()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3), new DataDirectory().Log(1, 1, 1, "foreign").Epochs(1, 1), new DataDirectory(), new DataDirectory());
        ensemble.Crash(1);
        ensemble.Elect(3);
        ensemble.Run();
        ensemble.Start(1);
        ensemble.Run();
        Assert.Empty(ensemble.AssertSame());

        var client = ensemble.Client(1);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/new")));
        ensemble.Crash(1);
        ensemble.Start(1);
        ensemble.Run();
        Assert.Equal(["/new"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_2832_a_longer_history_of_an_older_epoch_gives_way()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3), Of(1, 5), Of(1, 2).Log(2, 1, 1).Epochs(2, 2), Of(1, 2).Log(2, 1, 1).Epochs(2, 2));
        ensemble.Run();

        Assert.Equal(["/n1-1", "/n1-2", "/n2-1"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_1154_a_server_that_missed_the_election_gives_up_what_only_it_has()
    {
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), Of(1, 2), Of(1, 2), Of(1, 4));
        ensemble.Crash(3);
        ensemble.Run();
        var client = ensemble.Client(2);
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(client, Ask.Create("/new")));

        ensemble.Start(3);
        ensemble.Run();

        Assert.Equal(["/n1-1", "/n1-2", "/new"], ensemble.AssertSame());
    }

    [Fact]
    public void ZOOKEEPER_1489_the_log_goes_on_where_it_was_cut()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3)), Of(1, 5).Disk);
        var leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.Say(PacketType.Truncate, Z.Of(1, 2)).Finish().Propose(Z.Of(2, 1)).Commit(Z.Of(2, 1));

        Assert.Equal(["/n1-1", "/n1-2", "/n2-1"], server.ZnodesOnDisk());
    }

    [Fact]
    public void ZOOKEEPER_2846_and_2418_what_is_not_known_to_follow_is_never_handed_on()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)),
            new DataDirectory().Log(1, 1, 5).Snapshot(Z.Of(2, 3)).Log(2, 4, 8).Epochs(2, 2).Disk);
        ScriptedLearner.Elect(server);
        foreach (var last in new[] { default, Z.Of(1, 4), Z.Of(1, 5), Z.Of(2, 1) })
        {
            var learner = new ScriptedLearner(server, 2).Introduce(2).Promise(last, 1);
            learner.Wire.Take(PacketType.Snapshot);
            learner.Wire.Take(Packet.Tree);
            Assert.DoesNotContain(learner.Wire.TakeAll(), packet => packet == $"Proposal {Z.Of(1, 5)}");
            learner.Wire.Break();
        }
    }

    // An Apache server keeps files beside a tree and may cut too little: it is sent one that is newer than all it has.
    [Theory]
    [InlineData(2, 9)]
    [InlineData(1, 6)]
    public void An_apache_server_with_another_history_is_sent_a_tree_of_the_new_epoch(int epoch, int counter)
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 5).Log(2, 1, 8).Epochs(3, 3).Disk);
        ScriptedLearner.Elect(server);
        new ScriptedLearner(server, 2).Introduce(3).Promise(Z.Of(2, 8), 2);

        var learner = new ScriptedLearner(server, 1).Introduce(3).Promise(Z.Of(epoch, counter), 2);

        learner.Wire.Take(PacketType.Snapshot, Z.Of(4, 0));
        learner.Wire.Take(Packet.Tree);
        Assert.Equal([$"NewLeader {Z.Of(4, 0)}"], learner.Wire.TakeAll());
    }

    private static DataDirectory Of(int epoch, int last) => new DataDirectory().Log(epoch, 1, last).Epochs(epoch, epoch);
}
