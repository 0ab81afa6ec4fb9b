using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>Anybody may connect to a leader's port: whoever can't be a learner is sent away, and the log says why.</summary>
public sealed class StrangersTests
{
    private const int Greatest = int.MaxValue;

    [Theory]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    [InlineData(Greatest)]
    public void A_packet_with_a_length_that_cannot_be_ends_the_connection_at_once(int length)
    {
        using var server = Leads(out _);
        var wire = server.Connect();
        wire.HearBytes(new Bytes().Int((int)PacketType.FollowerInfo).Long(0).Int(length).ToArray());

        Assert.True(wire.Closed);
        Assert.Equal($"a packet with {length} bytes of data", SaidOf(server, NoticeKind.StrangerRefused));
    }

    [Fact]
    public void A_follower_that_says_such_a_thing_counts_no_longer()
    {
        using var server = Leads(out var epoch);
        var follower = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);
        follower.Wire.HearBytes(new Bytes().Int((int)PacketType.Ack).Long(0).Int(Greatest).ToArray());

        server.Pass(1_000);

        Assert.Contains(server.Notices, notice => notice is { Kind: NoticeKind.LearnerRefused, Id: 2 });
        Assert.Equal("it hears of no quorum", server.Notices.Last(notice => notice.Kind == NoticeKind.RoleEnded).Text);
    }

    [Fact]
    public void A_follower_whose_leader_says_such_a_thing_looks_for_another_at_once()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        var leader = new ScriptedLeader(server, 2).Elect(Z.Of(1, 2));
        leader.Greet();
        leader.Wire.HearBytes(new Bytes().Int((int)PacketType.Diff).Long(0).Int(Greatest).ToArray());

        server.Pass(1);

        Assert.Contains(server.Notices, notice => notice is { Kind: NoticeKind.RoleEnded, Id: ScriptedLeader.Id });
        Assert.Equal(ServerState.Looking, server.Peer.State);
    }

    [Fact]
    public void Who_has_the_leaders_own_number_is_sent_away()
    {
        using var server = Leads(out _);
        var own = new ScriptedLearner(server, 3).Introduce(1);

        Assert.True(own.Wire.Closed);
        Assert.Equal(
            "it says it is server 3, which is this one: two servers have one number", SaidOf(server, NoticeKind.StrangerRefused));
    }

    [Theory]
    [InlineData(Greatest)]
    [InlineData(-1)]
    public void An_epoch_after_which_there_can_be_no_other_is_not_believed(long promised)
    {
        using var server = Leads(out _);
        Assert.True(new ScriptedLearner(server, 2).Introduce(promised).Wire.Closed);

        new ScriptedLearner(server, 1).Introduce(1).Wire.Take(PacketType.LeaderInfo, Z.Of(2, 0));
    }

    [Fact]
    public void Who_is_in_no_list_is_served_and_named()
    {
        using var server = Leads(out var epoch);
        new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);
        new ScriptedLearner(server, 9).Join(Z.Of(1, 2), 1, epoch);

        Assert.Contains(server.Notices, notice => notice is { Kind: NoticeKind.LearnerNotListed, Id: 9 });
        Assert.DoesNotContain(server.Notices, notice => notice is { Kind: NoticeKind.LearnerNotListed, Id: 2 });
    }

    private static string SaidOf(SteppedServer server, NoticeKind kind)
    {
        var text = server.Notices.Last(notice => notice.Kind == kind).Text!;
        return text[(text.IndexOf(": ", StringComparison.Ordinal) + 2)..];
    }

    private static SteppedServer Leads(out int epoch)
    {
        epoch = 2;
        var disk = new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk;
        return ScriptedLearner.Elect(new SteppedServer(SteppedServer.Options(3, SteppedServer.Config(3)), disk));
    }
}
