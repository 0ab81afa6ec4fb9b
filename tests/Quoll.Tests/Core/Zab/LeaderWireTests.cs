using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>What was sent to Apache's leaders, and what a leader should do; and what a client sends that is cut short.</summary>
public sealed class LeaderWireTests
{
    private static readonly byte[] CutShort = [0, 0, 0, 2, (byte)'/'];

    [Fact]
    public void W6_a_learner_from_before_the_snapshot_is_not_sent_what_an_older_file_has()
    {
        using var server = Leads(
            new DataDirectory().Log(1, 1, 5).Snapshot(Z.Of(2, 3)).Log(2, 4, 8).Delete("snapshot.0").Epochs(2, 2), out var epoch);
        var learner = new ScriptedLearner(server, 2).Introduce(2).Promise(Z.Of(1, 4), 1);

        learner.Wire.Take(PacketType.Snapshot);
        learner.Wire.Take(Packet.Tree);
        var rest = learner.Wire.TakeAll();
        Assert.DoesNotContain($"{PacketType.Proposal} {Z.Of(1, 5)}", rest);
        Assert.Equal($"{PacketType.NewLeader} {Z.Of(epoch, 0)}", rest[^1]);
    }

    [Fact]
    public void W7_a_request_cut_short_is_an_error_with_a_new_number()
    {
        using var server = Serves(out var learner, out var epoch);
        var client = server.Client();
        AckAll(learner);
        client.SendFrame(new Bytes().Int(1).Int((int)OpCode.Create).Raw(CutShort).ToArray());

        var proposal = learner.Wire.Take(PacketType.Proposal);
        learner.Ack(proposal.Zxid);

        Assert.Equal(Z.Of(epoch, 2), proposal.Zxid);
        var reply = Assert.Single(client.Replies);
        Assert.Equal((ErrorCode.MarshallingError, proposal.Zxid.Value), (reply.Error, reply.Zxid));
    }

    [Fact]
    public void W7_so_is_one_that_a_follower_sends_on()
    {
        using var server = Serves(out var learner, out var epoch);
        learner.Request(0x200000000000001, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray());
        AckAll(learner);

        learner.Request(0x200000000000001, 1, OpCode.Create, CutShort);

        var proposal = learner.Wire.Take(PacketType.Proposal, Z.Of(epoch, 2));
        Assert.Equal((int)ErrorCode.MarshallingError, ErrorOf(proposal));
    }

    [Fact]
    public void W8_a_request_cut_short_between_two_others_costs_neither()
    {
        using var server = Serves(out var learner, out _);
        var client = server.Client();
        AckAll(learner);

        client.Send(Ask.Create("/a"));
        client.SendFrame(new Bytes().Int(2).Int((int)OpCode.Create).Raw(CutShort).ToArray());
        client.Send(Ask.Create("/b"), xid: 3);
        AckAll(learner);

        Assert.Equal([ErrorCode.Ok, ErrorCode.MarshallingError, ErrorCode.Ok], client.Replies.Select(reply => reply.Error));
        Assert.Equal(3, client.Replies.Select(reply => reply.Zxid).Distinct().Count());
    }

    [Fact]
    public void W9_a_notification_without_a_config_is_dropped()
    {
        using var server = new SteppedServer(SteppedServer.Options(3, SteppedServer.Config(3)));
        var before = server.Peer.State;
        var message = Notifications.Of(Quoll.Core.Election.ServerState.Looking, 3, default, 1, 0, config: []);

        server.Do(peer => peer.OnNotification(1, message));

        Assert.Equal(before, server.Peer.State);
        Assert.Contains(server.Notices, notice => notice.Kind == Quoll.Core.NoticeKind.NotificationDropped);
    }

    [Fact]
    public void W10_an_answer_to_a_ping_without_data_is_one_without_sessions()
    {
        using var server = Serves(out var learner, out _);
        server.Pass(600);
        var ping = learner.Wire.Take(PacketType.Ping);

        learner.Say(PacketType.Ping, ping.Zxid, data: null);

        Assert.False(learner.Wire.Closed);
    }

    [Fact]
    public void W11_a_request_without_identities_is_one_of_nobody()
    {
        using var server = Serves(out var learner, out var epoch);
        learner.Request(0x200000000000001, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray(), hasAuthInfo: false);
        AckAll(learner);

        learner.Request(0x200000000000001, 1, OpCode.Create, Ask.Create("/a").Body, hasAuthInfo: false);
        var proposal = learner.Wire.Take(PacketType.Proposal, Z.Of(epoch, 2));

        Assert.Equal((int)OpCode.Create, TypeOf(proposal));
    }

    [Fact]
    public void W12_a_learner_that_has_promised_more_is_told_the_epoch_all_the_same()
    {
        using var server = Serves(out _, out var epoch);
        var ahead = new ScriptedLearner(server, 1).Introduce(epoch + 5);

        ahead.Wire.Take(PacketType.LeaderInfo, Z.Of(epoch, 0));
    }

    [Fact]
    public void W13_the_acknowledgement_of_a_transaction_does_not_hide_that_of_the_epoch()
    {
        using var server = Leads(new DataDirectory().Log(1, 1, 2).Epochs(1, 1), out var epoch);
        var learner = new ScriptedLearner(server, 2).Introduce(1).Promise(Z.Of(1, 1), 1);
        Assert.Equal(
            [$"Diff {Z.Of(1, 2)}", $"Proposal {Z.Of(1, 2)}", $"Commit {Z.Of(1, 2)}", $"NewLeader {Z.Of(epoch, 0)}"],
            learner.Wire.TakeAll());

        learner.Ack(Z.Of(1, 2)).Ack(Z.Of(epoch, 0));

        learner.Wire.Take(PacketType.UpToDate);
        Assert.True(server.Peer.Serves);
    }

    [Fact]
    public void W13_nor_does_it_end_the_learner_when_it_comes_behind_it()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(5, SteppedServer.Config(5)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        foreach (var voter in new[] { 1, 2 })
        {
            var support = Notifications.Of(Quoll.Core.Election.ServerState.Looking, 5, Z.Of(1, 2), 1, 1);
            server.Do(peer => peer.OnNotification(voter, support));
        }

        var first = new ScriptedLearner(server, 1).Introduce(1);
        var second = new ScriptedLearner(server, 2).Introduce(1);
        first.Promise(Z.Of(1, 1), 1);
        second.Promise(Z.Of(1, 1), 1);

        // Some of Apache's versions acknowledge what they log at NEWLEADER only behind it, while the leader waits for others.
        first.Ack(Z.Of(2, 0)).Ack(Z.Of(1, 2));
        second.Ack(Z.Of(2, 0));

        Assert.False(first.Wire.Closed);
        Assert.True(server.Peer.Serves);
    }

    private static SteppedServer Leads(DataDirectory data, out int epoch)
    {
        var server = new SteppedServer(SteppedServer.Options(3, SteppedServer.Config(3)), data.Disk);
        epoch = (int)server.Reloaded().AcceptedEpoch + 1;
        return ScriptedLearner.Elect(server);
    }

    private static SteppedServer Serves(out ScriptedLearner learner, out int epoch)
    {
        var server = Leads(new DataDirectory().Log(1, 1, 2).Epochs(1, 1), out epoch);
        learner = new ScriptedLearner(server, 2).Join(Z.Of(1, 2), 1, epoch);
        return server;
    }

    private static void AckAll(ScriptedLearner learner)
    {
        while (learner.Wire.Said.TryDequeue(out var packet))
        {
            if (packet.Type == PacketType.Proposal)
                learner.Ack(packet.Zxid);
        }
    }

    private static int TypeOf(Packet proposal) => new BytesReader(proposal.Data![28..32]).Int();

    private static int ErrorOf(Packet proposal)
    {
        Assert.Equal((int)OpCode.Error, TypeOf(proposal));
        return new BytesReader(proposal.Data![32..36]).Int();
    }
}
