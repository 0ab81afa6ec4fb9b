using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// A server finds nothing where there should be something: it has forgotten what it acknowledged, and must not be counted on before it has
/// been given it again (ZOOKEEPER-261, 2325, 3056, 3644, 3781).
/// </summary>
public sealed class LostDiskTests
{
    [Fact]
    public void A_server_that_lost_its_disk_is_sent_everything()
    {
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), DataDirectory.Lost, Of(1, 3), Of(1, 3));
        ensemble.Run();
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3"], ensemble.AssertSame());

        // From here on it is one like the others.
        ensemble.Crash(2);
        ensemble.Run();
        Assert.Equal(ErrorCode.Ok, ensemble.Ask(ensemble.Client(1), Ask.Create("/new")));
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3", "/new"], ensemble.AssertSame());
    }

    [Fact]
    public void It_does_not_help_one_that_is_behind_to_a_quorum()
    {
        using var ensemble = new SteppedEnsemble(SteppedServer.Config(3), DataDirectory.Lost, Of(1, 1), Of(1, 3));
        ensemble.Crash(3);
        ensemble.Run(60_000);
        Assert.False(ensemble[1].Peer.Serves);
        Assert.False(ensemble[2].Peer.Serves);

        ensemble.Start(3);
        ensemble.Run();
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3"], ensemble.AssertSame());
    }

    [Fact]
    public void Servers_that_all_lost_their_disks_do_not_begin_anew()
    {
        using var ensemble = new SteppedEnsemble(
            SteppedServer.Config(3), DataDirectory.Lost, DataDirectory.Lost, DataDirectory.Lost);
        ensemble.Run(30_000);

        Assert.All([1, 2, 3], id => Assert.Equal(ServerState.Looking, ensemble[id].Peer.State));
    }

    [Fact]
    public void In_the_basic_election_it_has_no_say_either()
    {
        using var ensemble = new SteppedEnsemble(
            ElectionAlgorithm.Basic, SteppedServer.Config(3), DataDirectory.Lost, Of(1, 1), Of(1, 3));
        ensemble.Crash(3);
        ensemble.Run(60_000);
        Assert.False(ensemble[2].Peer.Serves);

        ensemble.Start(3);
        ensemble.Run(10_000);
        Assert.Equal(["/n1-1", "/n1-2", "/n1-3"], ensemble.AssertSame());
    }

    [Fact]
    public void It_stays_without_a_say_until_what_it_was_sent_is_on_disk()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3)), DataDirectory.Lost.Disk);
        Assert.Contains(server.Votes, vote => Notifications.ZxidOf(vote.Message) == new Zxid(-1));
        var leader = new ScriptedLeader(server, 3).Elect();
        server.RunDisk();
        Assert.Equal(new Zxid(-1), leader.Greet().Zxid);
        leader.SendTree(Z.Of(1, 3), Of(1, 3).Snapshot(Z.Of(1, 3)));
        leader.Vanish();
        server.RunDisk();
        server.Pass(10_000);
        Assert.Equal(new Zxid(-1), Notifications.ZxidOf(server.Votes[^1].Message));

        leader = new ScriptedLeader(server, 4).Elect();
        leader.Greet();
        leader.SendTree(Z.Of(1, 3), Of(1, 3).Snapshot(Z.Of(1, 3))).Finish().Vanish();
        server.RunDisk();
        server.Pass(10_000);
        Assert.Equal(Z.Of(1, 3), Notifications.ZxidOf(server.Votes[^1].Message));
    }

    [Fact]
    public void It_takes_nothing_but_a_whole_tree()
    {
        using var server = new SteppedServer(SteppedServer.Options(1, SteppedServer.Config(3)), DataDirectory.Lost.Disk);
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3));

        Assert.True(leader.Wire.Closed);
    }

    private static DataDirectory Of(int epoch, int last) => new DataDirectory().Log(epoch, 1, last).Epochs(epoch, epoch);
}
