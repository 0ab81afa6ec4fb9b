using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>
/// Takes the first frame of a connection: a new session, or one that comes back (<c>processConnectRequest</c>). A refusal is a
/// closed connection without a word, but for a session that is not known or a password that is wrong.
/// </summary>
internal sealed class Handshake
{
    private readonly Database _database;
    private readonly ClientService _service;
    private readonly IChangeRoute? _route;
    private readonly Outbox _outbox;
    private readonly SessionIds _ids;

    public Handshake(Database database, ClientService service, IChangeRoute? route, SessionIds ids, Outbox outbox)
    {
        _database = database;
        _service = service;
        _route = route;
        _ids = ids;
        _outbox = outbox;
    }

    private bool IsReadOnly => _route is null;

    public void OnConnectRequest(Client client, ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var request = ConnectRequest.Read(ref reader);
        if (reader.Malformed)
        {
            _service.Disconnect(client);
            return;
        }

        // Whoever did not ask for less is better off at another server, or here later.
        client.SentReadOnlyFlag = !reader.AtEnd;
        if (IsReadOnly && !(client.SentReadOnlyFlag && reader.ReadBool()))
        {
            _service.Disconnect(client);
            return;
        }

        if (request.LastZxidSeen > _database.LastProcessed.Value)
        {
            _outbox.Notices.Add(new Notice(NoticeKind.ClientAheadOfServer, request.SessionId, request.LastZxidSeen, client.Address));
            _service.Disconnect(client);
            return;
        }

        var options = _database.Options;
        var timeout = Math.Clamp(request.Timeout, options.MinSessionTimeout, options.MaxSessionTimeout);
        if (request.SessionId == 0)
            Create(client, timeout);
        else
            Reattach(client, request.SessionId, request.Password.Span, timeout);
    }

    /// <summary>Tells a client that its new session is there.</summary>
    public void Complete(Client client)
    {
        client.State = ClientState.Open;
        Respond(client, client.Session!.Timeout, client.Session.Id);
    }

    /// <summary>The leader has said whether the session lives that a client came with.</summary>
    public void OnRevalidated(Client client, long sessionId, int timeout, bool lives)
    {
        if (client.State != ClientState.CreatingSession)
            return;

        // Two may have come while the leader was asked: the later one has the session.
        var sessions = _service.Sessions;
        if (sessions.Find(sessionId)?.Client is { } old)
            _service.Disconnect(old);
        if (!lives)
            Refuse(client, sessionId);
        else if (sessions.Find(sessionId) is { } known)
            Attach(client, known, sessionId, timeout);
        else
            Attach(client, sessions.Add(sessionId, timeout, _service.Pipeline.Now), sessionId, timeout);
    }

    private void Create(Client client, int timeout)
    {
        if (IsReadOnly || _database.Options.LocalSessions)
        {
            client.Session = _service.Local.Add(NewSessionId(), timeout, _service.Pipeline.Now);
            client.Session.IsLocal = true;
            client.Session.Client = client;
            _outbox.Notices.Add(new Notice(NoticeKind.SessionCreated, client.SessionId, timeout, client.Address));
            Complete(client);
            return;
        }

        if (!_service.Pipeline.DiskHasRoom)
        {
            _service.Disconnect(client);
            return;
        }

        var session = _service.Sessions.Add(NewSessionId(), timeout, _service.Pipeline.Now);
        session.Owner = Session.Here;
        session.Client = client;
        client.Session = session;
        client.State = ClientState.CreatingSession;
        _service.Pipeline.SubmitCreateSession(client, session);
    }

    private long NewSessionId()
    {
        while (true)
        {
            var id = _ids.Next();
            if (_service.Find(id) is null && !_database.Sessions.ContainsKey(id))
                return id;
        }
    }

    private void Reattach(Client client, long sessionId, ReadOnlySpan<byte> password, int timeout)
    {
        // The old connection goes before the password is looked at, as in Apache's server.
        var session = _service.Find(sessionId);
        if (session?.Client is { } old)
            _service.Disconnect(old);
        if (!SessionPassword.Matches(sessionId, password))
            Refuse(client, sessionId);
        else if (IsReadOnly && _database.Sessions.ContainsKey(sessionId))
            _service.Disconnect(client);   // it may live, and nobody can say so
        else if (session is not { IsLocal: true } && _route?.TryRevalidate(client, sessionId, timeout) == true)
            AwaitRevalidated(client, session);
        else
            Attach(client, session, sessionId, timeout);
    }

    // What an observer still sends of it is too late.
    private static void AwaitRevalidated(Client client, Session? session)
    {
        client.State = ClientState.CreatingSession;
        session?.Owner = Session.Here;
    }

    private void Refuse(Client client, long sessionId)
    {
        _outbox.Notices.Add(new Notice(NoticeKind.SessionRefused, sessionId, 0, client.Address));
        Respond(client, 0, 0);
        _service.Disconnect(client);
    }

    private void Attach(Client client, Session? session, long sessionId, int timeout)
    {
        if (session is null || session.Closing)
        {
            Refuse(client, sessionId);
            return;
        }

        session.Owner = Session.Here;
        session.Timeout = timeout;
        session.Client = client;
        client.Session = session;
        client.State = ClientState.Open;
        _service.Touch(session);
        _outbox.Notices.Add(new Notice(NoticeKind.SessionReattached, sessionId, timeout, client.Address));
        Respond(client, timeout, sessionId);
    }

    private void Respond(Client client, int timeout, long sessionId)
    {
        Span<byte> password = stackalloc byte[SessionPassword.Length];
        if (sessionId != 0)
            SessionPassword.Write(sessionId, password);
        var writer = _outbox.Clients.BeginFrame();
        writer.WriteInt(0);
        writer.WriteInt(timeout);
        writer.WriteLong(sessionId);
        writer.WriteBytes(password);
        // Clients that did not send the flag do not expect it.
        if (client.SentReadOnlyFlag)
            writer.WriteBool(IsReadOnly);
        _outbox.Clients.EndFrame(ref writer, client);
    }
}
