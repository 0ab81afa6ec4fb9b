using System.Buffers;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>
/// The way of every request: a change becomes a proposal, is applied once committed and then answered; a read is answered at once,
/// unless changes of the same connection are before it. So each connection sees its replies in the order of its requests, and no
/// connection waits for another.
/// </summary>
internal sealed class RequestPipeline
{
    private const int DigestNoticeInterval = 60_000;
    private readonly Database _database;
    private readonly Proposals _proposals;
    private readonly IChangeRoute? _route;
    private readonly Outbox _outbox;
    private readonly Reads _reads;
    private readonly Replies _replies;
    private readonly Queue<PendingWrite> _writes = new();
    private readonly Queue<(Zxid After, Client Client, int Xid, byte[] Path)> _syncs = new();
    private Client? _answering;
    private Instant _nextDigestNotice;
    private int _deferred;
    private long _deferredBytes;

    /// <param name="database">What is read, and what is committed applied to.</param>
    /// <param name="proposals">The transactions under way.</param>
    /// <param name="route">Where changes go; null where there is no leader to give them to.</param>
    /// <param name="watches">The watches of this server's clients.</param>
    /// <param name="outbox">Where replies go.</param>
    public RequestPipeline(Database database, Proposals proposals, IChangeRoute? route, WatchManager watches, Outbox outbox)
    {
        _database = database;
        _proposals = proposals;
        _route = route;
        _outbox = outbox;
        Watches = watches;
        Applier = new TxnApplier(database, watches);
        _reads = new Reads(database, watches.Access, watches, outbox.Clients);
        _replies = new Replies(outbox.Clients);
    }

    public WatchManager Watches { get; }

    public TxnApplier Applier { get; }

    /// <summary>Called when a session has been created, or has ended, wherever it was.</summary>
    public required Action<long> OnSessionCreated { get; init; }

    public required Action<long, Client?> OnSessionClosed { get; init; }

    /// <summary>Called with a connection whose session is another server's by now.</summary>
    public required Action<Client> OnSessionMoved { get; init; }

    /// <summary>Called with a local session before it makes its first ephemeral znode.</summary>
    public required Action<Session> OnUpgrade { get; init; }

    /// <summary>Called with the size of each transaction that was applied.</summary>
    public required Action<int> OnApplied { get; init; }

    public Instant Now { get; set; }

    public long WallClock { get; set; }

    /// <summary>False while the disk has no room: changes are refused, reads go on.</summary>
    public bool DiskHasRoom { get; set; } = true;

    /// <summary>There is no leader: clients can read, and nothing else.</summary>
    public bool IsReadOnly => _route is null;

    /// <summary>Requests taken and not yet answered.</summary>
    public int Outstanding => _writes.Count + _deferred;

    public long OutstandingBytes => (_route?.Bytes ?? 0) + _deferredBytes;

    /// <summary>The client lane was full before everything committed was applied and answered.</summary>
    public bool HasMore => _answering is not null || _proposals.TryPeekCommitted(out _);

    public RequestStats Stats => _outbox.Clients.Stats;

    /// <summary>Takes a request of an open connection whose session was touched.</summary>
    public void Submit(Client client, in RequestHeader header, ReadOnlySpan<byte> body)
    {
        var op = (OpCode)header.Type;
        if (client.SyncsUnderWay + client.Held > 0 && (IsWrite(op) || op == OpCode.Sync))
            Hold(client, op, header.Xid, body);
        else if (GoesToLeader(client.Session!, op, body))
            SubmitWrite(client, client.Session!, op, header.Xid, body);
        else if (op == OpCode.Sync && _route?.TrySync(client, header.Xid, body) == true)
            OnSyncBegun(client);
        else if (client.WritesBegun != client.WritesDone || client.Deferred.Count > 0)
            Defer(client, op, header.Xid, body);
        else
            AnswerRead(new Read(client, header.Xid, op, client.Identities, body), Now);
    }

    /// <summary>Ends a session, whoever asked for it; a client that did is told.</summary>
    public void SubmitCloseSession(Client? client, Session session, int xid) =>
        Begin(_route!.CloseSession(session, xid, WallClock), client, session.Id, OpCode.CloseSession, xid);

    public void SubmitCreateSession(Client? client, Session session) =>
        Begin(_route!.CreateSession(session, WallClock), client, session.Id, OpCode.CreateSession, 0);

    /// <summary>Answers a sync that had to ask the leader, once all up to a transaction is applied.</summary>
    public void AnswerSync(Zxid after, Client client, int xid, byte[] path)
    {
        if (_syncs.Count > 0 || after > _database.LastProcessed)
            _syncs.Enqueue((after, client, xid, path));
        else
            AnswerSync(client, xid, path);
    }

    private static void OnSyncBegun(Client client)
    {
        client.WritesBegun++;
        client.SyncAt = client.WritesBegun;
        client.SyncsUnderWay++;
    }

    private void AnswerSync(Client client, int xid, byte[] path)
    {
        client.WritesDone++;
        client.SyncsUnderWay--;
        if (client.State == ClientState.Closed)
            return;
        var writer = _outbox.Clients.BeginReply(xid, _database.LastProcessed.Value, ErrorCode.Ok);
        writer.Write(new SyncResponse(new JuteBytes(path).AsEchoed()));
        _outbox.Clients.EndFrame(ref writer, client);
        AnswerDeferred(client);
    }

    /// <summary>Applies what is committed, in order, and answers it, until the client lane is full.</summary>
    public void ApplyCommitted()
    {
        // Reads that wait go before the next change: after it they would tell what comes later.
        if (_answering is not null)
            AnswerDeferred(_answering);
        while (_answering is null && !_outbox.Clients.IsFull && _proposals.TryPeekCommitted(out var proposal))
        {
            var txn = proposal.Txn.Span;
            if (!Applier.Apply(txn))
                NoticeDigestMismatch(proposal.Zxid.Value);
            Invariant.Holds(_database.LastProcessed == proposal.Zxid);
            OnApplied(txn.Length);
            Finish(txn, proposal.Zxid.Value);
            _proposals.RemoveFirst();
            _route?.OnApplied(proposal.Zxid.Value);
            while (_syncs.TryPeek(out var sync) && sync.After <= _database.LastProcessed)
            {
                _syncs.Dequeue();
                AnswerSync(sync.Client, sync.Xid, sync.Path);
            }
        }
    }

    /// <summary>Forgets what a closed connection waited for.</summary>
    public void OnClosed(Client client)
    {
        while (client.Deferred.TryDequeue(out var read))
            Release(read);
    }

    // Once a tree has parted from its log, every transaction may tell: the second and later ones are told by the minute.
    private void NoticeDigestMismatch(long zxid)
    {
        if (Now < _nextDigestNotice)
            return;
        _nextDigestNotice = Now + DigestNoticeInterval;
        _outbox.Notices.Add(new Notice(NoticeKind.DigestMismatch, zxid, _database.DigestMismatches));
    }

    private static bool IsWrite(OpCode op) => op switch
    {
        OpCode.Create or OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl or OpCode.Delete or OpCode.SetData
            or OpCode.SetAcl or OpCode.Multi or OpCode.Reconfig or OpCode.CloseSession => true,
        _ => false,
    };

    // False for what is answered here, in its place among reads: what is refused, and the end of a session that nobody else knows.
    private bool GoesToLeader(Session session, OpCode op, ReadOnlySpan<byte> body) => IsWrite(op)
        && !(op == OpCode.CloseSession && session.IsLocal) && RefusalOf(session, op, body) == ErrorCode.Ok;

    private ErrorCode RefusalOf(Session session, OpCode op, ReadOnlySpan<byte> body) =>
        IsReadOnly ? ErrorCode.NotReadOnly
        : session.IsLocal && !_database.Options.UpgradesLocalSessions && EphemeralChange.IsOne(op, body) ? ErrorCode.EphemeralOnLocalSession
        : !DiskHasRoom && op != OpCode.CloseSession ? ErrorCode.SystemError
        : ErrorCode.Ok;

    private void SubmitWrite(Client client, Session session, OpCode op, int xid, ReadOnlySpan<byte> body)
    {
        if (op == OpCode.CloseSession)
        {
            SubmitCloseSession(client, session, xid);
            return;
        }

        if (session.IsLocal && EphemeralChange.IsOne(op, body))
        {
            OnUpgrade(session);
            SubmitCreateSession(null, session);
        }

        var partsWithStat = op == OpCode.Multi ? MultiRequest.AskForStat(body) : null;
        Begin(_route!.Change(op, body, client, xid, WallClock), client, session.Id, op, xid, partsWithStat);
    }

    private void Begin(long zxid, Client? client, long sessionId, OpCode op, int xid, bool[]? partsWithStat = null)
    {
        if (client is not null)
            client.WritesBegun++;
        _writes.Enqueue(new PendingWrite(zxid, client, sessionId, op, xid, Now) { PartsWithStat = partsWithStat });
    }

    private void Finish(ReadOnlySpan<byte> txn, long zxid)
    {
        var header = Applier.Header;
        Client? askedFor = null;
        if (_writes.TryPeek(out var write) && write.Became(header))
        {
            _writes.Dequeue();
            askedFor = write.Client;
        }

        if (header.Type == (int)OpCode.CreateSession)
            OnSessionCreated(header.ClientId);
        if (askedFor is { } client)
        {
            client.WritesDone++;
            if (client.State != ClientState.Closed)
            {
                // A client that has gone to another server is not told so: its old connection may be late in this, and it is the new one
                // that counts (ZOOKEEPER-710).
                if (header.Type == (int)OpCode.Error && Applier.Error == ErrorCode.SessionMoved)
                {
                    OnSessionMoved(client);
                    return;
                }

                if (write.Op != OpCode.CreateSession)
                    _replies.Reply(client, write, Applier, txn, zxid);
                Count(client, write.Op, write.Xid, write.Arrival, isRead: false);
                AnswerDeferred(client);
            }
        }

        if (header.Type == (int)OpCode.CloseSession || (askedFor is not null && write.Op == OpCode.CloseSession))
            OnSessionClosed(header.ClientId, askedFor);
    }

    // A change behind a sync waits here until that is answered: it may be committed before the leader is sure that it leads, and a client
    // takes replies in the order of its requests.
    private void Hold(Client client, OpCode op, int xid, ReadOnlySpan<byte> body)
    {
        Defer(client, op, xid, body, isHeld: true);
        client.WritesBegun++;
        client.Held++;
        if (op == OpCode.Sync)
            client.SyncAt = client.WritesBegun;
    }

    private void SendOn(Client client, in DeferredRead held, ReadOnlySpan<byte> body)
    {
        // It was counted when it came, so that reads behind it wait.
        client.Held--;
        client.WritesBegun--;
        if (client.Session is { Closing: false } session && GoesToLeader(session, held.Op, body))
        {
            SubmitWrite(client, session, held.Op, held.Xid, body);
        }
        else if (held.Op == OpCode.Sync && _route?.TrySync(client, held.Xid, body) == true)
        {
            client.WritesBegun++;
            client.SyncsUnderWay++;
        }
        else
        {
            client.WritesBegun++;
            client.WritesDone++;
            AnswerRead(new Read(client, held.Xid, held.Op, held.Identities, body), held.Arrival);
        }
    }

    private void Defer(Client client, OpCode op, int xid, ReadOnlySpan<byte> body, bool isHeld = false)
    {
        var copy = ArrayPool<byte>.Shared.Rent(Math.Max(body.Length, 1));
        body.CopyTo(copy);
        var after = isHeld ? client.SyncAt : client.WritesBegun;
        client.Deferred.Enqueue(new DeferredRead(after, xid, op, Now, client.Identities, copy, body.Length) { IsHeld = isHeld });
        _deferred++;
        _deferredBytes += copy.Length;
    }

    private void AnswerDeferred(Client client)
    {
        _answering = null;
        while (client.Deferred.TryPeek(out var read) && read.AfterWrite - client.WritesDone <= 0)
        {
            if (_outbox.Clients.IsFull)
            {
                _answering = client;
                return;
            }

            client.Deferred.Dequeue();
            var body = read.Body.AsSpan(0, read.BodyLength);
            if (read.IsHeld)
                SendOn(client, read, body);
            else
                AnswerRead(new Read(client, read.Xid, read.Op, read.Identities, body), read.Arrival);
            Release(read);
        }
    }

    private void Release(in DeferredRead read)
    {
        _deferred--;
        _deferredBytes -= read.Body.Length;
        ArrayPool<byte>.Shared.Return(read.Body);
    }

    private void AnswerRead(in Read read, Instant arrival)
    {
        var session = read.Client.Session!;
        if (read.Op == OpCode.CloseSession && session.IsLocal)
        {
            _outbox.Clients.Reply(read.Client, read.Xid, _database.LastProcessed.Value, ErrorCode.Ok);
            Count(read.Client, read.Op, read.Xid, arrival, isRead: true);
            OnSessionClosed(session.Id, read.Client);
            return;
        }

        if (IsWrite(read.Op) || (IsReadOnly && read.Op == OpCode.Sync))
            _outbox.Clients.Reply(read.Client, read.Xid, _database.LastProcessed.Value, RefusalWhy(session, read));
        else
            _reads.Answer(read);
        Count(read.Client, read.Op, read.Xid, arrival, isRead: true);
    }

    // If nothing speaks against it by now, there was no room to log it when it came.
    private ErrorCode RefusalWhy(Session session, in Read read) =>
        RefusalOf(session, read.Op, read.Body) is var error and not ErrorCode.Ok ? error : ErrorCode.SystemError;

    private void Count(Client client, OpCode op, int xid, Instant arrival, bool isRead)
    {
        var latency = Now - arrival;
        client.Stats.OnResponse(OpNames.Short(op), xid, _database.LastProcessed.Value, Now, latency);
        Stats.Latency.Add(latency);
        (isRead ? Stats.ReadLatency : Stats.UpdateLatency).Add(latency);
    }
}

/// <summary>How many frames went which way, and what requests took, in milliseconds.</summary>
public sealed class RequestStats
{
    public long Received { get; set; }

    public long Sent { get; set; }

    public Summary Latency { get; } = new();

    public Summary ReadLatency { get; } = new();

    public Summary UpdateLatency { get; } = new();

    public void Reset()
    {
        Received = Sent = 0;
        Latency.Reset();
        ReadLatency.Reset();
        UpdateLatency.Reset();
    }
}
