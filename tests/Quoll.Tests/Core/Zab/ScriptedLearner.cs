using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// A learner that says to a leader, or to a follower that serves observers, what a test wants it to, as an Apache server would: without
/// Quoll's mark.
/// </summary>
internal sealed class ScriptedLearner(SteppedServer leader, long id, bool observes = false, bool ofFollower = false)
{
    private Wire? _wire;

    public Wire Wire => _wire ?? throw new InvalidOperationException($"learner {id} has not connected");

    /// <summary>A server that leads three: it is elected by the votes of the others.</summary>
    public static SteppedServer Elect(SteppedServer server, int round = 1)
    {
        var vote = server.Votes.Select(said => said.Message).Last();
        Assert.True(Notification.TryRead(vote, out var own));
        var support = Notifications.Of(ServerState.Looking, server.Id, own.Vote.Zxid, round, own.Vote.PeerEpoch);
        server.Do(peer => peer.OnNotification(server.Id == 1 ? 2 : 1, support));
        Assert.Equal(ServerState.Leading, server.Peer.State);
        return server;
    }

    public static byte[] InfoOf(long id) => new Bytes().Long(id).Int(0x10000).Long(0).ToArray();

    /// <summary>Connects, and says which epoch it has promised.</summary>
    public ScriptedLearner Introduce(long acceptedEpoch)
    {
        _wire = leader.Connect(asObserver: ofFollower);
        Say(observes ? PacketType.ObserverInfo : PacketType.FollowerInfo, Zxid.OfEpoch(acceptedEpoch), InfoOf(id));
        return this;
    }

    public ScriptedLearner Promise(Zxid last, int currentEpoch)
    {
        Wire.Take(PacketType.LeaderInfo);
        return Say(PacketType.AckEpoch, last, new Bytes().Int(currentEpoch).ToArray());
    }

    public ScriptedLearner Say(PacketType type, Zxid zxid = default, byte[]? data = null)
    {
        Wire.Hear(type, zxid, data);
        return this;
    }

    public ScriptedLearner Ack(Zxid zxid) => Say(PacketType.Ack, zxid);

    /// <summary>A client's request, as a follower sends it on.</summary>
    public ScriptedLearner Request(long session, int cxid, OpCode op, byte[] body, bool hasAuthInfo = true)
    {
        var data = new Bytes().Long(session).Int(cxid).Int((int)op).Raw(body).ToArray();
        Wire.Hear(Packet.Of(PacketType.Request, new Zxid(-1), data, hasAuthInfo));
        return this;
    }

    /// <summary>The whole way in, with a history that is a part of the leader's.</summary>
    public ScriptedLearner Join(Zxid last, int currentEpoch, int epoch)
    {
        Introduce(currentEpoch).Promise(last, currentEpoch);
        while (Wire.Take(Wire.Said.Peek().Type).Type != PacketType.NewLeader)
        {
        }

        Ack(Zxid.OfEpoch(epoch));
        Wire.Take(PacketType.UpToDate);
        return Ack(Zxid.OfEpoch(epoch));
    }
}
