using System.Buffers.Binary;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>Bugs of Apache's servers in what leaders and learners do for clients.</summary>
public sealed class KnownBugsOfSessionsTests
{
    private const long Session = 0x200000000000001;

    [Fact]
    public void ZOOKEEPER_1863_and_2684_a_read_behind_a_write_waits_for_it_and_for_no_other()
    {
        using var server = Follower(out var leader);
        var client = Connect(server, leader);
        var other = Connect(server, leader);

        client.Send(Ask.Create("/a"));
        client.Send(Ask.Exists("/a"));
        other.Send(Ask.Exists("/a"));
        Assert.Empty(client.Replies);
        Assert.Equal(ErrorCode.NoNode, Assert.Single(other.Replies).Error);

        // One of the session that the queue does not begin with is somebody else's.
        Commit(leader, Z.Of(2, 3), client.SessionId, 77, "/b");
        Assert.Empty(client.Replies);
        Commit(leader, Z.Of(2, 4), client.SessionId, 1, "/a");

        Assert.Equal([(1, ErrorCode.Ok), (2, ErrorCode.Ok)], client.Replies.Select(reply => (reply.Xid, reply.Error)));
    }

    [Fact]
    public void ZOOKEEPER_2886_a_session_is_its_learners_when_it_was_made_or_asked_after_there()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        var old = new ScriptedLearner(ScriptedLearner.Elect(server), 2).Join(Z.Of(1, 2), 1, 2);
        old.Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray()).Ack(Z.Of(2, 1));
        var next = new ScriptedLearner(server, 1).Join(Z.Of(1, 2), 1, 2);
        next.Wire.TakeAll();

        next.Request(Session, 1, OpCode.Create, Ask.Create("/before").Body);
        Assert.Equal((int)OpCode.Error, TypeOf(next.Wire.Take(PacketType.Proposal)));
        next.Say(PacketType.Revalidate, new Zxid(-1), new Bytes().Long(Session).Int(5000).ToArray());
        Assert.Equal(new Bytes().Long(Session).Bool(true).ToArray(), next.Wire.Take(PacketType.Revalidate).Data);
        next.Request(Session, 2, OpCode.Multi, Ask.Multi(Ask.Create("/after")).Body);
        Assert.Equal((int)OpCode.Multi, TypeOf(next.Wire.Take(PacketType.Proposal)));

        old.Request(Session, 3, OpCode.Create, Ask.Create("/late").Body);
        var refused = next.Wire.Take(PacketType.Proposal);
        Assert.Equal((int)ErrorCode.SessionMoved, new BytesReader(refused.Data![32..36]).Int());
    }

    [Fact]
    public void Two_clients_that_come_with_one_session_are_answered_in_their_order()
    {
        using var server = Follower(out var leader);
        var first = Connect(server, leader);
        var (second, third) = (server.Open(), server.Open());
        second.SendConnect(5000, first.SessionId, first.Password);
        third.SendConnect(5000, first.SessionId, first.Password);
        leader.Wire.Take(PacketType.Revalidate);
        leader.Wire.Take(PacketType.Revalidate);

        var answer = new Bytes().Long(first.SessionId).Bool(true).ToArray();
        leader.Say(PacketType.Revalidate, new Zxid(-1), answer);
        Assert.Equal((first.SessionId, 0), (second.SessionId, third.SessionId));
        leader.Say(PacketType.Revalidate, new Zxid(-1), answer);

        Assert.Equal(first.SessionId, third.SessionId);
        Assert.True(second.IsClosed);
    }

    // A learner's queue of the session begins with it: were it passed over, the queue would wait for ever.
    [Fact]
    public void ZOOKEEPER_3594_a_refused_request_of_a_learner_takes_its_place_all_the_same()
    {
        using var server = new SteppedServer(
            SteppedServer.Options(3, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 2).Epochs(1, 1).Disk);
        var learner = new ScriptedLearner(ScriptedLearner.Elect(server), 2).Join(Z.Of(1, 2), 1, 2);
        learner.Request(Session, 0, OpCode.CreateSession, new Bytes().Int(5000).ToArray()).Ack(Z.Of(2, 1));
        learner.Wire.TakeAll();

        learner.Request(Session, 1, OpCode.Delete, Ask.Delete("/none").Body);
        learner.Request(Session, 2, OpCode.Check, Ask.Check("/none", 0).Body);
        learner.Request(Session + 1, 3, OpCode.Create, Ask.Create("/a").Body);

        foreach (var (cxid, error) in new[] { (1, ErrorCode.NoNode), (2, ErrorCode.Unimplemented), (3, ErrorCode.SessionExpired) })
        {
            var reader = new BytesReader(learner.Wire.Take(PacketType.Proposal).Data!);
            Assert.Equal((cxid, (int)error), (SkipTo(reader), reader.Int()));
        }
    }

    private static int SkipTo(BytesReader header)
    {
        header.Long();
        var cxid = header.Int();
        header.Long();
        header.Long();
        Assert.Equal((int)OpCode.Error, header.Int());
        return cxid;
    }

    private static SteppedServer Follower(out ScriptedLeader leader)
    {
        var server = new SteppedServer(
            SteppedServer.Options(1, SteppedServer.Config(3)), new DataDirectory().Log(1, 1, 1).Epochs(1, 1).Disk);
        leader = new ScriptedLeader(server, 2).Elect();
        leader.Greet();
        leader.Say(PacketType.Diff, Z.Of(1, 1)).Finish();
        return server;
    }

    private static TestClient Connect(SteppedServer server, ScriptedLeader leader)
    {
        var client = server.Client();
        var request = new BytesReader(leader.Wire.Take(PacketType.Request).Data!);
        var zxid = server.Reloaded().LastZxid is { Epoch: 2 } last ? last.Next : Z.Of(2, 1);
        leader.Say(PacketType.Proposal, zxid, Txns.CreateSession(zxid.Value, request.Long())).Commit(zxid);
        leader.Wire.Take(PacketType.Ack, zxid);
        Assert.NotEqual(0, client.SessionId);
        return client;
    }

    private static void Commit(ScriptedLeader leader, Zxid zxid, long session, int cxid, string path)
    {
        var txn = Txns.Create(zxid.Value, path, -1);
        BinaryPrimitives.WriteInt64BigEndian(txn, session);
        BinaryPrimitives.WriteInt32BigEndian(txn.AsSpan(8), cxid);
        leader.Say(PacketType.Proposal, zxid, txn).Commit(zxid);
    }

    private static int TypeOf(Packet proposal) => new BytesReader(proposal.Data![28..32]).Int();
}
