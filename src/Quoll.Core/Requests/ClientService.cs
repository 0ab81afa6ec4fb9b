using Quoll.Core.Access;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>What of clients outlives a role.</summary>
internal sealed record ClientDoor(ClientRegistry Clients, SessionIds Ids, Outbox Outbox);

/// <summary>
/// Serves clients, while this server leads or follows: their connections and sessions, and the way of their requests. With each role
/// there is a new one; connections do not outlive it.
/// </summary>
internal sealed class ClientService
{
    private readonly PeerOptions _options;
    private readonly Database _database;
    private readonly Outbox _outbox;
    private readonly Handshake _handshake;

    /// <param name="database">What is served.</param>
    /// <param name="proposals">The transactions under way.</param>
    /// <param name="route">Where changes go; null where there is no leader to give them to.</param>
    /// <param name="sessions">The sessions of this server, or of all.</param>
    /// <param name="door">What outlives a role: connections, ids, and where replies go.</param>
    public ClientService(Database database, Proposals proposals, IChangeRoute? route, SessionTracker sessions, ClientDoor door)
    {
        _options = database.Options;
        _database = database;
        _outbox = door.Outbox;
        Sessions = sessions;
        Local = new ExpiringSessions(_options.TickTime);
        var access = new AccessControl(_options);
        var watches = new WatchManager(_options, _outbox, door.Clients, database.Tree.Acls, access);
        Pipeline = new RequestPipeline(database, proposals, route, watches, _outbox)
        {
            OnSessionCreated = OnSessionCreated,
            OnSessionClosed = OnSessionClosed,
            OnSessionMoved = Disconnect,
            OnUpgrade = Upgrade,
            OnApplied = CountApplied,
        };
        _handshake = new Handshake(database, this, route, door.Ids, _outbox);
    }

    public SessionTracker Sessions { get; }

    /// <summary>The sessions that this server alone knows.</summary>
    public ExpiringSessions Local { get; }

    public RequestPipeline Pipeline { get; }

    /// <summary>Called with the size of each transaction that was applied.</summary>
    public required Action<int> OnApplied { get; init; }

    /// <summary>
    /// False while the connection must not be read: its session is being made, or too much is under way or on the client lane. What
    /// has been sent waits in its socket, and TCP slows the client.
    /// </summary>
    public bool Accepts(Client client) => !_outbox.Clients.IsFull && !IsHeld(client);

    public bool IsHeld(Client client) => client.State switch
    {
        ClientState.CreatingSession => true,
        ClientState.Open => (Pipeline.Outstanding > _options.OutstandingLimit && client.Outstanding > 0)
            || Pipeline.OutstandingBytes > _options.OutstandingBytesLimit,
        _ => false,
    };

    public void OnFrame(Client client, ReadOnlySpan<byte> frame)
    {
        if (client.State == ClientState.Connected)
            _handshake.OnConnectRequest(client, frame);
        else
            OnRequest(client, frame);
    }

    /// <summary>The leader has said whether a session lives that a client came with.</summary>
    public void OnRevalidated(Client client, long sessionId, int timeout, bool lives) =>
        _handshake.OnRevalidated(client, sessionId, timeout, lives);

    public Session? Find(long session) => Sessions.Find(session) ?? Local.Find(session);

    /// <summary>The session's client was heard of.</summary>
    public void Touch(Session session) => TrackerOf(session).Touch(session, Pipeline.Now);

    /// <summary>Ends sessions whose time is over: one that others know too with a transaction.</summary>
    public void ExpireSessions()
    {
        while (Local.TakeExpired(Pipeline.Now) is { } session)
        {
            if (IsExpired(session))
                OnSessionClosed(session.Id, null);
        }

        while (Pipeline.DiskHasRoom && Sessions.TakeExpired(Pipeline.Now) is { } session)
        {
            if (IsExpired(session))
                Pipeline.SubmitCloseSession(null, session, 0);
        }
    }

    /// <summary>Ends a session as if its time were over; false if there is none, or it ends already.</summary>
    public bool TryExpire(long id)
    {
        if (Sessions.Find(id) is not { Closing: false } session)
            return false;
        _outbox.Notices.Add(new Notice(NoticeKind.SessionExpired, id, session.Timeout));
        Pipeline.SubmitCloseSession(null, session, 0);
        return true;
    }

    /// <summary>Ends a connection once what was sent before is on its way.</summary>
    public void Disconnect(Client client)
    {
        if (client.State == ClientState.Closed)
            return;
        Detach(client);
        _outbox.Clients.Close(client);
    }

    /// <summary>The connection is gone. Its watches go with it, its session stays.</summary>
    public void Detach(Client client)
    {
        client.State = ClientState.Closed;
        Pipeline.Watches.RemoveAll(client);
        Pipeline.OnClosed(client);
        if (client.Session is { } session && session.Client == client)
            session.Client = null;
    }

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
            _outbox.Clients.Reply(client, header.Xid, 0, ErrorCode.SessionClosedRequireSaslAuth);
            Disconnect(client);
        }
        else if (!IsKnown((OpCode)header.Type))
        {
            _outbox.Clients.Reply(client, header.Xid, -1, ErrorCode.Unimplemented);
            Disconnect(client);
        }
        else if (client.Session is { Closing: false } session)
        {
            Touch(session);
            Pipeline.Submit(client, header, reader.Rest);
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
        var identities = Pipeline.Watches.Access.Authenticate(scheme, packet.Auth, client.Identities);
        _outbox.Clients.Reply(client, xid, 0, identities is null ? ErrorCode.AuthFailed : ErrorCode.Ok);
        if (identities is null)
        {
            _outbox.Notices.Add(new Notice(NoticeKind.AuthenticationFailed, client.SessionId, 0, scheme));
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

        var writer = _outbox.Clients.BeginReply(xid, 0, ErrorCode.Ok);
        writer.Write(new SaslResponse(default));
        _outbox.Clients.EndFrame(ref writer, client);
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

    private SessionTracker TrackerOf(Session session) => session.IsLocal ? Local : Sessions;

    private bool IsExpired(Session session)
    {
        if (session.Closing)
            return false;
        if (session.Client is { } client && IsHeld(client))
        {
            // It was not heard because it was not read.
            Touch(session);
            return false;
        }

        _outbox.Notices.Add(new Notice(NoticeKind.SessionExpired, session.Id, session.Timeout));
        return true;
    }

    private void Upgrade(Session session)
    {
        Local.Remove(session);
        session.IsLocal = false;
        session.Owner = Session.Here;
        Sessions.Add(session, Pipeline.Now);
    }

    private void CountApplied(int bytes) => OnApplied(bytes);

    private void OnSessionCreated(long id)
    {
        if (Sessions.Find(id) is not { } session)
            return;
        _outbox.Notices.Add(new Notice(NoticeKind.SessionCreated, id, session.Timeout, session.Client?.Address));
        if (session.Client is { State: ClientState.CreatingSession } client)
            _handshake.Complete(client);
    }

    private void OnSessionClosed(long id, Client? askedFor)
    {
        if (Find(id) is { } session)
        {
            TrackerOf(session).Remove(session);
            if (session.Client is { } client)
                Disconnect(client);
        }

        if (askedFor is { State: not ClientState.Closed })
            Disconnect(askedFor);
        _outbox.Notices.Add(new Notice(NoticeKind.SessionClosed, id, 0));
    }
}
