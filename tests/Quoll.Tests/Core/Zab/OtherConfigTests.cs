using System.Text;
using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>Servers that go by another list of servers: it is told, and who is outdated has no say.</summary>
public sealed class OtherConfigTests
{
    private const string Same = "server.1=a:1:2:participant\nserver.2=b:1:2:participant;0.0.0.0:2181\nserver.3=c:3:4:participant\n";

    [Theory]
    [InlineData(Same + "version=0", null)]
    [InlineData("server.3=z:1:2\nserver.1=0.0.0.0:1:2:participant\r\nserver.2=x:5:6|y:5:6:participant\nversion=100000000", null)]
    [InlineData(Same + "server.4=d:1:2:participant\nversion=0", "only there: server.4 votes")]
    [InlineData("server.1=a:1:2:participant\nserver.2=b:1:2:participant\nversion=0", "only here: server.3 votes")]
    [InlineData(
        "server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:observer;2181\nversion=0",
        "there: server.3 observes; here: server.3 votes")]
    [InlineData(Same + "group.1=3:1:2\nweight.1=1\nweight.2=5\nversion=0", "only there: group.1=1:2:3, weight.2=5")]
    [InlineData(
        "server.x=1\nserver.=2\ngroup.1=a\nweight.1=-1\nversion=zz\n=\n==", "only here: server.1 votes, server.2 votes, server.3 votes")]
    public void What_counts_is_who_is_in_the_ensemble_and_who_votes(string text, string? difference) =>
        Assert.Equal(difference, new ConfigComparison(SteppedServer.Config(3)).Difference(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_server_is_spoken_of_once_until_it_says_something_else()
    {
        var comparison = new ConfigComparison(SteppedServer.Config(3));
        var other = Encoding.UTF8.GetBytes(Same + "server.4=d:1:2:participant\nversion=0");

        Assert.NotNull(comparison.News(2, other));
        Assert.Null(comparison.News(2, other));
        Assert.NotNull(comparison.News(3, other));
        Assert.Null(comparison.News(2, Encoding.UTF8.GetBytes(Same)));
        Assert.NotNull(comparison.News(2, other));
    }

    [Fact]
    public void It_is_told_what_others_go_by_in_an_election()
    {
        using var server = Server();
        var text = Encoding.UTF8.GetBytes(Same + "server.4=d:1:2:participant\nversion=0");

        server.Do(peer => peer.OnNotification(2, Notifications.Of(ServerState.Looking, 2, default, 1, 0, text)));

        var notice = Assert.Single(server.Notices, notice => notice.Kind == NoticeKind.ConfigDiffers);
        Assert.Equal((2, "only there: server.4 votes"), (notice.Id, notice.Text));
    }

    [Fact]
    public void A_leader_of_the_same_version_with_another_list_is_followed_and_told_of()
    {
        using var server = Server();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3));
        leader.Say(PacketType.NewLeader, Z.Of(3, 0), Encoding.UTF8.GetBytes(Same + "server.4=d:1:2:observer\nversion=0"));
        server.RunDisk();

        leader.Wire.Take(PacketType.Ack, Z.Of(3, 0));
        Assert.Contains(server.Notices, notice => notice is { Kind: NoticeKind.ConfigDiffers, Text: "only there: server.4 observes" });
    }

    // It would count votes for a quorum that is none any more.
    [Fact]
    public void A_leader_whose_list_is_newer_is_not_followed_and_the_outdated_server_has_no_say_for_a_while()
    {
        using var server = Server();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3));
        leader.Say(PacketType.NewLeader, Z.Of(3, 0), Encoding.UTF8.GetBytes(Same + "server.4=d:1:2:participant\nversion=200000001"));
        server.RunDisk();

        AssertRests(server, leader, "the ensemble was changed at 0x200000001 (only there: server.4 votes)");
    }

    [Theory]
    [InlineData(PacketType.Proposal)]
    [InlineData(PacketType.InformAndActivate)]
    public void A_change_of_the_ensemble_is_not_acknowledged(PacketType type)
    {
        using var server = Server();
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3)).Finish();
        var txn = new Bytes().Long(7).Int(1).Long(Z.Of(3, 1).Value).Long(0).Int((int)OpCode.Reconfig)
            .String("/zookeeper/config").Buffer("version=300000001"u8.ToArray()).Int(1).ToArray();

        leader.Say(type, Z.Of(3, 1), type == PacketType.Proposal ? txn : new Bytes().Long(2).Raw(txn).ToArray());
        server.RunDisk();

        Assert.Equal(Z.Of(1, 3), server.Peer.LastProcessed);
        AssertRests(server, leader, "the ensemble is changed at 0x300000001");
    }

    [Fact]
    public void What_is_in_the_log_of_a_change_that_this_server_knows_of_is_taken()
    {
        using var server = Server(version: Z.Of(2, 1).Value);
        var leader = new ScriptedLeader(server, 3).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 3));
        leader.Say(PacketType.NewLeader, Z.Of(3, 0), Encoding.UTF8.GetBytes(Same + "server.4=d:1:2:observer\nversion=200000001"));
        server.RunDisk();

        leader.Wire.Take(PacketType.Ack, Z.Of(3, 0));
    }

    [Fact]
    public void A_learner_that_goes_by_a_newer_configuration_is_refused_by_a_leader()
    {
        using var server = Server();
        ScriptedLearner.Elect(server);
        var wire = server.Connect();

        wire.Hear(PacketType.FollowerInfo, Z.Of(1, 0), new Bytes().Long(2).Int(0x10000).Long(0x200000001).ToArray());

        Assert.True(wire.Closed);
        Assert.Contains(server.Notices, notice => notice.Text!.Contains("version 200000001", StringComparison.Ordinal));
    }

    private static SteppedServer Server(long version = 0) => new(
        SteppedServer.Options(1, new EnsembleConfig(SteppedServer.Config(3).Members.Values, version: version)),
        new DataDirectory().Log(1, 1, 3).Epochs(1, 1).Disk);

    private static void AssertRests(SteppedServer server, ScriptedLeader leader, string why)
    {
        Assert.True(leader.Wire.Closed);
        Assert.DoesNotContain(leader.Wire.Said, packet => packet.Type == PacketType.Ack);
        var end = Assert.Single(server.Notices, notice => notice.Kind == NoticeKind.RoleEnded);
        Assert.StartsWith(why, end.Text, StringComparison.Ordinal);
        server.Votes.Clear();
        server.Do(peer => peer.OnNotification(3, Notifications.Of(ServerState.Looking, 3, Z.Of(1, 3), 9, 1)));
        server.Pass(4_000);
        Assert.Empty(server.Votes);
        server.Pass(2_000);
        Assert.NotEmpty(server.Votes);
    }
}
