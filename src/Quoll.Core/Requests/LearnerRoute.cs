using System.Text;
using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>A learner's way: everything goes to the leader, as it came; what comes of it is seen when it is committed.</summary>
internal sealed class LearnerRoute(Learner learner, PeerLane peers) : IChangeRoute
{
    private static readonly Zxid NoZxid = new(-1);
    private readonly LaneBuffer _data = new();
    private readonly LaneBuffer _identities = new();
    private readonly Queue<(Client Client, int Xid, byte[] Path)> _syncs = new();
    private readonly Dictionary<long, Queue<(Client Client, int Timeout)>> _revalidations = [];

    public long Bytes => learner.Proposals.Bytes;

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
        _syncs.Enqueue((client, xid, path));
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
        if (!_revalidations.TryGetValue(sessionId, out var waiting))
            _revalidations[sessionId] = waiting = new();
        waiting.Enqueue((client, timeout));
        return true;
    }

    /// <summary>The leader has said whether a session lives: the client that waits longest for it, and the timeout it asked for.</summary>
    public (Client? Client, int Timeout) TakeRevalidated(long sessionId)
    {
        if (!_revalidations.TryGetValue(sessionId, out var waiting) || !waiting.TryDequeue(out var first))
            return default;
        if (waiting.Count == 0)
            _revalidations.Remove(sessionId);
        return first;
    }

    /// <summary>
    /// The leader has answered the oldest sync, behind all that was committed when it came there. False if nobody had asked.
    /// </summary>
    public bool TryTakeSync(out (Client Client, int Xid, byte[] Path) sync) => _syncs.TryDequeue(out sync);

    public void OnApplied(long zxid)
    {
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
