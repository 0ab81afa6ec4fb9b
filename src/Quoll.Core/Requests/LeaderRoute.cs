using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>The leader's own way: a change is checked against the tree as it will be, and proposed.</summary>
internal sealed class LeaderRoute : IChangeRoute
{
    private readonly Leader _leader;
    private readonly PendingChanges _pending;
    private readonly Prep _prep;
    private readonly SequencePrep _sequences;

    public LeaderRoute(Database database, Leader leader, AccessControl access, List<Notice> notices)
    {
        _leader = leader;
        _pending = new PendingChanges(database.Tree, database.Options);
        _prep = new Prep(database, access, _pending, notices);
        _sequences = new SequencePrep(database, _pending);
    }

    /// <summary>Where syncs wait for the quorum; null for a leader of nobody else.</summary>
    public LeaderSyncs? Syncs { get; set; }

    /// <summary>Answers a sync once all up to a transaction is applied here.</summary>
    public Action<Zxid, Client, int, byte[]> OnSynced { get; set; } = (_, _, _, _) => { };

    /// <summary>The transaction that was proposed last.</summary>
    public Zxid Newest => _leader.Proposals.Last;

    public long Bytes => _leader.Proposals.Bytes;

    public long Change(OpCode op, ReadOnlySpan<byte> body, Client client, int xid, long wallClock) =>
        Change(op, body, client.SessionId, client.Identities, xid, wallClock);

    public long Change(OpCode op, ReadOnlySpan<byte> body, long session, Identity[] identities, int xid, long wallClock) =>
        Propose(_prep.Prepare(op, body, Context(session, xid, identities, wallClock), out _));

    public long CreateSession(Session session, long wallClock) =>
        Propose(_prep.PrepareCreateSession(session.Timeout, Context(session.Id, 0, [], wallClock)));

    public long CloseSession(Session session, int xid, long wallClock)
    {
        session.Closing = true;
        return Propose(_prep.PrepareCloseSession(Context(session.Id, xid, [], wallClock)));
    }

    /// <summary>Refuses a request of another server, which takes its place all the same.</summary>
    public void Refuse(ErrorCode error, long session, int xid, long wallClock) =>
        Propose(_prep.PrepareError(error, Context(session, xid, [], wallClock)));

    /// <summary>Removes a container or TTL node, if it is still empty then.</summary>
    public long DeleteContainer(ReadOnlySpan<byte> path, long wallClock)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new JuteWriter(bytes);
        writer.Write(new PathRequest(path));
        writer.Commit();
        return Propose(_prep.Prepare(OpCode.DeleteContainer, bytes.WrittenSpan, Context(0, 0, [], wallClock), out _));
    }

    /// <summary>Raises the number of a znode's next sequential child; the transaction that does it is the newest then.</summary>
    public ErrorCode RaiseSequence(string parent, int next, long wallClock)
    {
        var error = _sequences.Prepare(parent, next, Context(0, 0, [], wallClock), out var txn);
        if (!txn.IsEmpty)
            Propose(txn);
        return error;
    }

    public bool TrySync(Client client, int xid, ReadOnlySpan<byte> body) => Syncs is { } syncs && TrySync(syncs, client, xid, body);

    public bool TryRevalidate(Client client, long sessionId, int timeout) => false;

    public void OnApplied(long zxid) => _pending.OnApplied(zxid);

    private bool TrySync(LeaderSyncs syncs, Client client, int xid, ReadOnlySpan<byte> body)
    {
        if (!LearnerRoute.TryReadPath(body, out var path))
            return false;
        syncs.Add(after => OnSynced(after, client, xid, path));
        return true;
    }

    private WriteContext Context(long session, int xid, Identity[] identities, long wallClock) =>
        new(session, xid, identities, _leader.NextZxid.Value, wallClock);

    private long Propose(ReadOnlySpan<byte> txn)
    {
        var zxid = _leader.NextZxid;
        _leader.Propose(zxid, txn);
        return zxid.Value;
    }
}
