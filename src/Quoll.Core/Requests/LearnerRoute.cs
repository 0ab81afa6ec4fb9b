using System.Text;
using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>A sync that the leader has not answered: of a client here, or of one of an observer.</summary>
internal readonly record struct PendingSync(Client? Client, LearnerHandler? Observer, int Xid, byte[] Path);

/// <summary>The question whether a session lives, for a client that came here with it, or to an observer.</summary>
internal readonly record struct PendingRevalidation(Client? Client, LearnerHandler? Observer, int Timeout);

/// <summary>A learner's way: everything goes to the leader, as it came; what comes of it is seen when it is committed.</summary>
internal sealed class LearnerRoute(Learner learner, PeerLane peers) : IChangeRoute
{
    private static readonly Zxid NoZxid = new(-1);
    private readonly LaneBuffer _data = new();
    private readonly LaneBuffer _body = new();
    private readonly LaneBuffer _identities = new();
    private readonly Queue<PendingSync> _syncs = new();
    private readonly Dictionary<long, Queue<PendingRevalidation>> _revalidations = [];

    public long Bytes => learner.Proposals.Bytes;

    /// <summary>All that the leader has said to be committed.</summary>
    public Zxid Committed => learner.Proposals.Committed;

    public long Change(OpCode op, ReadOnlySpan<byte> body, Client client, int xid, long wallClock)
    {
        Forward(client.SessionId, xid, op, body, client.Identities);
        return 0;
    }

    public long CreateSession(Session session, long wallClock)
    {
        Span<byte> timeout = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(timeout, session.Timeout);
        Forward(session.Id, 0, OpCode.CreateSession, timeout, []);
        return 0;
    }

    public long CloseSession(Session session, int xid, long wallClock)
    {
        session.Closing = true;
        Forward(session.Id, xid, OpCode.CloseSession, default, []);
        return 0;
    }

    public bool TrySync(Client client, int xid, ReadOnlySpan<byte> body)
    {
        if (!TryReadPath(body, out var path))
            return false;
        Forward(client.SessionId, xid, OpCode.Sync, body, client.Identities);
        _syncs.Enqueue(new PendingSync(client, null, xid, path));
        return true;
    }

    /// <summary>The path of a sync, which is told again in its answer and means nothing else.</summary>
    internal static bool TryReadPath(ReadOnlySpan<byte> body, out byte[] path)
    {
        var reader = new JuteReader(body);
        path = PathRequest.Read(ref reader).Path.ToArray() ?? [];
        return !reader.Malformed;
    }

    public bool TryRevalidate(Client client, long sessionId, int timeout)
    {
        _data.Clear();
        var writer = new JuteWriter(_data);
        writer.Write(new SessionTimeout(sessionId, timeout));
        writer.Commit();
        peers.Send(learner.Link, PacketType.Revalidate, NoZxid, _data.Written);
        AwaitRevalidated(sessionId, new PendingRevalidation(client, null, timeout));
        return true;
    }

    /// <summary>Sends an observer's request on as it came.</summary>
    public void Relay(scoped in QuorumPacket request) =>
        peers.Send(learner.Link, PacketType.Request, NoZxid, request.Data, request.AuthInfo);

    public void RelaySync(LearnerHandler observer, scoped in QuorumPacket request)
    {
        Relay(request);
        _syncs.Enqueue(new PendingSync(null, observer, 0, []));
    }

    public void RelayRevalidation(LearnerHandler observer, scoped in QuorumPacket question, in SessionTimeout asked)
    {
        peers.Send(learner.Link, PacketType.Revalidate, NoZxid, question.Data);
        AwaitRevalidated(asked.SessionId, new PendingRevalidation(null, observer, asked.Timeout));
    }

    /// <summary>
    /// In the place of a request of a session that has gone elsewhere, one that every leader refuses. The leader, who takes all observers
    /// here for one learner, would do what was asked for; and the observer waits for a transaction of that session and number.
    /// </summary>
    public void RelayRefusable(in ForwardedHeader request)
    {
        _body.Clear();
        var writer = new JuteWriter(_body);
        writer.Write(new DeleteRequest("/"u8, -1));
        writer.Commit();
        Forward(request.SessionId, request.Cxid, OpCode.Delete, _body.Written, []);
    }

    /// <summary>The leader has said whether a session lives: to whom who waits longest for it; null if nobody does.</summary>
    public PendingRevalidation? TakeRevalidated(long sessionId)
    {
        if (!_revalidations.TryGetValue(sessionId, out var waiting) || !waiting.TryDequeue(out var first))
            return null;
        if (waiting.Count == 0)
            _revalidations.Remove(sessionId);
        return first;
    }

    /// <summary>The leader has been asked whether this session lives, and has not answered.</summary>
    public bool Asks(long sessionId) => _revalidations.ContainsKey(sessionId);

    /// <summary>
    /// The leader has answered the oldest sync, behind all that was committed when it came there. False if nobody had asked.
    /// </summary>
    public bool TryTakeSync(out PendingSync sync) => _syncs.TryDequeue(out sync);

    public void OnApplied(long zxid)
    {
    }

    private void AwaitRevalidated(long sessionId, in PendingRevalidation asked)
    {
        if (!_revalidations.TryGetValue(sessionId, out var waiting))
            _revalidations[sessionId] = waiting = new();
        waiting.Enqueue(asked);
    }

    private void Forward(long session, int xid, OpCode op, ReadOnlySpan<byte> body, Identity[] identities)
    {
        _data.Clear();
        var writer = new JuteWriter(_data);
        writer.Write(new ForwardedHeader(session, xid, (int)op));
        writer.WriteRaw(body);
        writer.Commit();

        // Never null, though there may be none: Apache's leader takes that for a broken request.
        _identities.Clear();
        writer = new JuteWriter(_identities);
        foreach (var identity in identities)
            writer.Write(new Id(Encoding.UTF8.GetBytes(identity.Scheme), Encoding.UTF8.GetBytes(identity.Name)));
        writer.Commit();
        peers.Send(learner.Link, PacketType.Request, NoZxid, _data.Written, new JuteVector<Id>(identities.Length, _identities.Written));
    }
}
