using Quoll.Core.Requests;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core;

/// <summary>
/// A server without its sockets, disk, clock and threads: what happens comes in as calls, what it wants done goes out in the
/// <see cref="Outbox"/>. It is not thread-safe and never waits. Alone, it leads a quorum of one.
/// </summary>
public sealed class QuorumPeer
{
    private readonly PeerOptions _options;
    private readonly Database _database;
    private readonly SessionTracker _sessions;
    private readonly ClientRegistry _clients = new();
    private readonly Leader _leader;
    private readonly RequestPipeline _pipeline;
    private readonly Handshake _handshake;
    private readonly SnapshotWriter _snapshots;
    private readonly ContainerReaper _reaper;
    private Instant _sessionClock;
    private Instant _lastAdvance;

    /// <param name="options">What the peer is told at its start.</param>
    /// <param name="recovered">What the disk had.</param>
    /// <param name="now">The clock that deadlines are measured by.</param>
    /// <param name="wallClock">Milliseconds since 1970: stamps transactions, and makes session ids that were never used before.</param>
    public QuorumPeer(PeerOptions options, RecoveredState recovered, Instant now, long wallClock)
    {
        _options = options;
        _database = recovered.Database;
        _lastAdvance = now;
        _sessionClock = now;
        _sessions = new SessionTracker(options.TickTime);
        _leader = new Leader(_database.LastProcessed, Outbox.Disk);
        _snapshots = new SnapshotWriter(_database, Outbox.Disk, new Prng(options.Seed));
        _pipeline = new RequestPipeline(_database, _leader, Outbox, _sessions, _clients)
        {
            OnSessionCreated = OnSessionCreated,
            OnSessionClosed = OnSessionClosed,
            OnLogged = _snapshots.OnLogged,
            Now = now,
            WallClock = wallClock,
        };
        _handshake = new Handshake(_database, _sessions, _pipeline, Outbox, wallClock) { Disconnect = Disconnect };
        _reaper = new ContainerReaper(_database, _pipeline);

        // Every known session gets a whole timeout from here.
        foreach (var (id, timeout) in _database.Sessions)
            _sessions.Add(id, timeout, now);

        // A snapshot of Apache's may have ephemerals of a session that it does not have: they end as if it had just been heard.
        foreach (var id in _database.Tree.Owned.Sessions.Where(id => _sessions.Find(id) is null && id >> 56 != -1).ToList())
            _sessions.Add(id, options.MinSessionTimeout, now);
        Introspection = new Introspection(_database, _sessions, _clients, _pipeline, _snapshots);
    }

    public Outbox Outbox { get; } = new();

    /// <summary>What an operator may ask.</summary>
    public Introspection Introspection { get; }

    public Zxid LastProcessed => _database.LastProcessed;

    /// <summary>
    /// More is ready than fitted into the client lane: the host sends what there is and calls <see cref="Advance"/> at once.
    /// </summary>
    public bool HasMore => _pipeline.HasMore;

    /// <summary>Time has come to <paramref name="now"/>. Sessions expire here, and nowhere else.</summary>
    public void Advance(Instant now, long wallClock)
    {
        var passed = now - _lastAdvance;
        _lastAdvance = now;

        // When this process was stopped, its clients were not heard, though they may have spoken: that time does not count.
        if (passed > _options.TickTime)
        {
            Outbox.Notices.Add(new Notice(NoticeKind.TimePassedUnseen, 0, passed));
            passed = 0;
        }

        _sessionClock += passed;
        _pipeline.Now = _sessionClock;
        _pipeline.WallClock = wallClock;
        _pipeline.ApplyCommitted();
        BeginDueSnapshot();
        if (!_pipeline.DiskHasRoom)
            return;
        while (_sessions.TakeExpired(_sessionClock) is { } session)
        {
            if (session.Closing)
                continue;
            if (session.Client is { } client && IsHeld(client))
            {
                // It was not heard because it was not read.
                _sessions.Touch(session, _sessionClock);
                continue;
            }

            Outbox.Notices.Add(new Notice(NoticeKind.SessionExpired, session.Id, session.Timeout));
            _pipeline.SubmitCloseSession(null, session, 0);
        }

        _reaper.Advance(_sessionClock, wallClock);
    }

    /// <summary>A connection was made; the host tells its frames with what this returns.</summary>
    public Client OnConnected(string address, object? host) => _clients.Add(address, host, _pipeline.WallClock);

    /// <summary>
    /// False while the connection must not be read: its session is being made, or too much is under way or on the client lane. What
    /// has been sent waits in its socket, and TCP slows the client.
    /// </summary>
    public bool Accepts(Client client) => !Outbox.Clients.IsFull && !IsHeld(client);

    /// <summary>A whole frame came, without its length. The bytes are not kept.</summary>
    public void OnFrame(Client client, ReadOnlySpan<byte> frame)
    {
        if (client.State == ClientState.Closed)
            return;
        client.Stats.OnReceived();
        _pipeline.Stats.Received++;
        if (client.State == ClientState.Connected)
            _handshake.OnConnectRequest(client, frame);
        else
            OnRequest(client, frame);
    }

    /// <summary>The connection is gone. Its watches go with it, its session stays.</summary>
    public void OnClosed(Client client)
    {
        if (client.State != ClientState.Closed)
            Detach(client);
        _clients.Remove(client);
    }

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        _leader.OnSynced(zxid);
        _pipeline.ApplyCommitted();
        BeginDueSnapshot();
    }

    /// <summary>The disk has taken the oldest bytes of the snapshot that it had not.</summary>
    public void OnSnapshotWritten() => _snapshots.OnWritten();

    /// <summary>Begins a snapshot now, unless one is being written.</summary>
    public void BeginSnapshot()
    {
        if (!_snapshots.Running)
            _snapshots.Begin();
    }

    /// <summary>The disk has, or no longer has, room for transactions.</summary>
    public void OnDiskRoom(bool hasRoom)
    {
        if (_pipeline.DiskHasRoom != hasRoom)
            Outbox.Notices.Add(new Notice(hasRoom ? NoticeKind.DiskHasRoom : NoticeKind.DiskFull, 0, 0));
        _pipeline.DiskHasRoom = hasRoom;
    }

    private bool IsHeld(Client client) => client.State switch
    {
        ClientState.CreatingSession => true,
        ClientState.Open => (_pipeline.Outstanding > _options.OutstandingLimit && client.Outstanding > 0)
            || _pipeline.OutstandingBytes > _options.OutstandingBytesLimit,
        _ => false,
    };

    private void OnRequest(Client client, ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var header = RequestHeader.Read(ref reader);
        if (reader.Malformed)
        {
            Disconnect(client);
            return;
        }

        switch ((OpCode)header.Type)
        {
            case OpCode.Auth:
                OnAuth(client, header.Xid, reader.Rest);
                return;
            case OpCode.Sasl:
                OnSasl(client, header.Xid, reader.Rest);
                return;
        }

        if (!HasEnforcedIdentity(client))
        {
            Outbox.Clients.Reply(client, header.Xid, 0, ErrorCode.SessionClosedRequireSaslAuth);
            Disconnect(client);
        }
        else if (!IsKnown((OpCode)header.Type))
        {
            Outbox.Clients.Reply(client, header.Xid, -1, ErrorCode.Unimplemented);
            Disconnect(client);
        }
        else if (client.Session is { Closing: false } session)
        {
            _sessions.Touch(session, _pipeline.Now);
            _pipeline.Submit(client, header, reader.Rest);
        }
    }

    // Ahead of requests that wait: authentication is the connection's affair, not the session's.
    private void OnAuth(Client client, int xid, ReadOnlySpan<byte> body)
    {
        var reader = new JuteReader(body);
        var packet = AuthPacket.Read(ref reader);
        if (reader.Malformed)
        {
            Disconnect(client);
            return;
        }

        var scheme = packet.Scheme.ToString();
        var identities = _pipeline.Access.Authenticate(scheme, packet.Auth, client.Identities);
        Outbox.Clients.Reply(client, xid, 0, identities is null ? ErrorCode.AuthFailed : ErrorCode.Ok);
        if (identities is null)
        {
            Outbox.Notices.Add(new Notice(NoticeKind.AuthenticationFailed, client.SessionId, 0, scheme));
            Disconnect(client);
            return;
        }

        client.Identities = identities;
    }

    // No SASL here yet: as an Apache server without it, answer with no token, and the client goes on unauthenticated.
    private void OnSasl(Client client, int xid, ReadOnlySpan<byte> body)
    {
        var reader = new JuteReader(body);
        if (SaslRequest.Read(ref reader).Token.IsNull || reader.Malformed)
        {
            Disconnect(client);
            return;
        }

        var writer = Outbox.Clients.BeginReply(xid, 0, ErrorCode.Ok);
        writer.Write(new SaslResponse(default));
        Outbox.Clients.EndFrame(ref writer, client);
    }

    private bool HasEnforcedIdentity(Client client) =>
        _options.EnforcedAuthSchemes.Count == 0
        || client.Identities.Any(identity => _options.EnforcedAuthSchemes.Contains(identity.Scheme));

    // Not for clients: what only servers ask of themselves (createSession, deleteContainer), and a check outside a multi.
    private static bool IsKnown(OpCode op) => op switch
    {
        OpCode.DeleteContainer or OpCode.Check => false,
        OpCode.CloseSession or (>= OpCode.Create and <= OpCode.Sync) or (>= OpCode.Ping and <= OpCode.MultiRead) => true,
        OpCode.SetWatches or (>= OpCode.GetEphemerals and <= OpCode.WhoAmI) => true,
        _ => false,
    };

    private void BeginDueSnapshot()
    {
        if (_snapshots.Due && !_snapshots.Running)
            _snapshots.Begin();
    }

    private void OnSessionCreated(long id)
    {
        if (_sessions.Find(id) is not { } session)
            return;
        Outbox.Notices.Add(new Notice(NoticeKind.SessionCreated, id, session.Timeout, session.Client?.Address));
        if (session.Client is { State: ClientState.CreatingSession } client)
            _handshake.Complete(client);
    }

    private void OnSessionClosed(long id, Client? askedFor)
    {
        if (_sessions.Find(id) is { } session)
        {
            _sessions.Remove(session);
            if (session.Client is { } client)
                Disconnect(client);
        }

        if (askedFor is { State: not ClientState.Closed })
            Disconnect(askedFor);
        Outbox.Notices.Add(new Notice(NoticeKind.SessionClosed, id, 0));
    }

    private void Disconnect(Client client)
    {
        if (client.State == ClientState.Closed)
            return;
        Detach(client);
        Outbox.Clients.Close(client);
    }

    private void Detach(Client client)
    {
        client.State = ClientState.Closed;
        _pipeline.Watches.RemoveAll(client);
        _pipeline.OnClosed(client);
        if (client.Session is { } session && session.Client == client)
            session.Client = null;
    }
}
