using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>On a leader: what clients of learners want.</summary>
internal sealed class RemoteRequests(PeerLane peers, PeerOptions options) : ILearnerRequests
{
    private static readonly Zxid NoZxid = new(-1);

    /// <summary>Set once the leader serves.</summary>
    public ClientService? Service { get; set; }

    public LeaderRoute? Route { get; set; }

    public LeaderSyncs? Syncs { get; set; }

    public bool OnRequest(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var header = ForwardedHeader.Read(ref reader);
        if (reader.Malformed)
            return false;

        if ((OpCode)header.Type == OpCode.Sync)
            Syncs!.AddOfLearner(_ => peers.Send(learner.Link, PacketType.Sync, default));
        else if ((OpCode)header.Type == OpCode.CreateSession)
            OnCreateSession(learner, header.SessionId, reader.ReadInt());
        else
            OnChange(learner, header, reader.Rest, packet.AuthInfo);
        return true;
    }

    public bool OnRevalidate(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var asked = SessionTimeout.Read(ref reader);
        if (reader.Malformed)
            return false;
        var session = Service!.Sessions.Find(asked.SessionId);
        var lives = session is { Closing: false };
        if (lives)
        {
            // A client that has gone to another server does not come back on its old connection.
            if (session!.Client is { } old)
                Service.Disconnect(old);
            session.Owner = learner;
            session.Timeout = asked.Timeout;
            Service.Sessions.Touch(session, Service.Pipeline.Now);
        }

        var answer = new LaneBuffer();
        var writer = new JuteWriter(answer);
        writer.WriteLong(asked.SessionId);
        writer.WriteBool(lives);
        writer.Commit();
        peers.Send(learner.Link, PacketType.Revalidate, NoZxid, answer.Written);
        return true;
    }

    public bool OnTouched(scoped in QuorumPacket packet) => Service is null || Touch(packet, Service);

    /// <summary>A learner's clients were heard of. False for what can't be read.</summary>
    internal static bool Touch(scoped in QuorumPacket packet, ClientService service)
    {
        var reader = new JuteReader(packet.Data.Span);
        while (!reader.AtEnd)
        {
            var touched = SessionTimeout.Read(ref reader);
            if (reader.Malformed)
                return false;
            if (service.Sessions.Find(touched.SessionId) is { } session)
                service.Sessions.Touch(session, service.Pipeline.Now);
        }

        return true;
    }

    private void OnCreateSession(LearnerHandler learner, long id, int timeout)
    {
        var sessions = Service!.Sessions;
        var session = sessions.Find(id) ?? sessions.Add(id, timeout, Service.Pipeline.Now);
        session.Owner = learner;
        Route!.CreateSession(session, Service.Pipeline.WallClock);
    }

    // Every request becomes a transaction, refused ones as well: the learner waits for it.
    private void OnChange(LearnerHandler learner, in ForwardedHeader header, ReadOnlySpan<byte> body, scoped JuteVector<Id> authInfo)
    {
        var wallClock = Service!.Pipeline.WallClock;
        var session = Service.Sessions.Find(header.SessionId);
        if (session is null && IsLocalElsewhere(header))
        {
            Route!.Change((OpCode)header.Type, body, header.SessionId, ForwardedIdentities.Read(authInfo).List, header.Cxid, wallClock);
            return;
        }

        if (session is null or { Closing: true })
        {
            Route!.Refuse(ErrorCode.SessionExpired, header.SessionId, header.Cxid, wallClock);
            return;
        }

        if (session.Owner is not null && session.Owner != learner)
        {
            Route!.Refuse(ErrorCode.SessionMoved, header.SessionId, header.Cxid, wallClock);
            return;
        }

        session.Owner = learner;
        Service.Sessions.Touch(session, Service.Pipeline.Now);
        if ((OpCode)header.Type == OpCode.CloseSession)
            Route!.CloseSession(session, header.Cxid, wallClock);
        else if (IsChange((OpCode)header.Type))
            Route!.Change((OpCode)header.Type, body, header.SessionId, IdentitiesOf(session, authInfo), header.Cxid, wallClock);
        else
            Route!.Refuse(ErrorCode.Unimplemented, header.SessionId, header.Cxid, wallClock);
    }

    // A session that is not known may be one that its server alone knows: if so, it was made there.
    private bool IsLocalElsewhere(in ForwardedHeader header) =>
        options.LocalSessions && header.SessionId >>> 56 != (options.ServerId & 0xff) && IsChange((OpCode)header.Type);

    private static bool IsChange(OpCode op) => op switch
    {
        OpCode.Create or OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl or OpCode.Delete or OpCode.SetData
            or OpCode.SetAcl or OpCode.Multi or OpCode.Reconfig => true,
        _ => false,
    };

    // They are the same with nearly every change of a session.
    private static Identity[] IdentitiesOf(Session session, JuteVector<Id> authInfo)
    {
        if (session.Identities is not { } known || !known.WereReadFrom(authInfo))
            session.Identities = known = ForwardedIdentities.Read(authInfo);
        return known.List;
    }
}
