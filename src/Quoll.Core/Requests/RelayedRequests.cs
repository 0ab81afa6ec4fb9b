using Quoll.Core.Sessions;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>
/// On a learner: between the leader and those who ask it over this server, which are its own clients, and observers with theirs. To the
/// leader it is all one learner's.
/// </summary>
internal sealed class RelayedRequests(Replica replica, PeerLane peers) : ILearnerRequests, ILeaderReplies
{
    private static readonly Zxid NoZxid = new(-1);
    private readonly LaneBuffer _touched = new();

    /// <summary>The way to the leader, since there is one.</summary>
    public LearnerRoute? Route { get; set; }

    private ClientService Service => replica.Service!;

    public bool OnRequest(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var header = ForwardedHeader.Read(ref reader);
        if (reader.Malformed)
            return false;
        var session = Service.Sessions.Find(header.SessionId);
        if ((OpCode)header.Type == OpCode.Sync)
        {
            Route!.RelaySync(learner, packet);
        }
        else if (session?.Owner is { } owner && owner != learner)
        {
            Route!.RelayRefusable(header);
        }
        else
        {
            if ((OpCode)header.Type == OpCode.CreateSession && reader.ReadInt() is var timeout && session is null)
                Service.Sessions.Add(header.SessionId, timeout, replica.Now).Owner = learner;
            Route!.Relay(packet);
        }

        return !reader.Malformed;
    }

    public bool OnRevalidate(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var asked = SessionTimeout.Read(ref reader);
        if (reader.Malformed)
            return false;

        // What its client sent before goes to the leader before this, and what still comes from there is too late.
        if (Service.Sessions.Find(asked.SessionId) is { } session)
            Take(session, learner);
        Route!.RelayRevalidation(learner, packet, asked);
        return true;
    }

    public bool OnTouched(scoped in QuorumPacket packet) => RemoteRequests.Touch(packet, Service);

    public void OnRevalidated(scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var id = reader.ReadLong();
        var lives = reader.ReadBool();
        if (reader.Malformed || Route!.TakeRevalidated(id) is not { } asked)
            return;
        if (asked.Client is { } client)
        {
            Service.OnRevalidated(client, id, asked.Timeout, lives);
            return;
        }

        peers.Send(asked.Observer!.Link, PacketType.Revalidate, NoZxid, packet.Data);
        if (!lives)
            return;
        var session = Service.Sessions.Find(id) ?? Service.Sessions.Add(id, asked.Timeout, replica.Now);
        session.Timeout = asked.Timeout;
        Service.Sessions.Touch(session, replica.Now);

        // Another may have come with it since: then it is that one's.
        if (!Route.Asks(id))
            Take(session, asked.Observer);
    }

    public void OnSync()
    {
        replica.ApplyCommitted();
        if (!Route!.TryTakeSync(out var sync))
            return;
        if (sync.Client is { } client)
            Service.Pipeline.AnswerSync(Route.Committed, client, sync.Xid, sync.Path);
        else
            peers.Send(sync.Observer!.Link, PacketType.Sync, default);   // behind all that it was told of
    }

    public ReadOnlySpan<byte> TakeTouched()
    {
        _touched.Clear();
        var writer = new JuteWriter(_touched);
        foreach (var session in ((TouchedSessions)Service.Sessions).TakeTouched())
            writer.Write(new SessionTimeout(session.Id, session.Timeout));
        writer.Commit();
        return _touched.Written;
    }

    private void Take(Session session, LearnerHandler learner)
    {
        if (session.Client is { } old)
            Service.Disconnect(old);
        session.Owner = learner;
    }
}
