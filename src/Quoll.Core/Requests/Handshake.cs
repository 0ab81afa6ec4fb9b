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
    private readonly SessionTracker _sessions;
    private readonly RequestPipeline _pipeline;
    private readonly Outbox _outbox;
    private long _nextSessionId;

    public Handshake(Database database, SessionTracker sessions, RequestPipeline pipeline, Outbox outbox, long wallClock)
    {
        _database = database;
        _sessions = sessions;
        _pipeline = pipeline;
        _outbox = outbox;

        // Server, time, counter. The wall clock, unlike a clock that starts with the machine, keeps ids apart across restarts.
        _nextSessionId = (long)((ulong)wallClock << 24 >> 8) | ((long)database.Options.ServerId << 56);
    }

    /// <summary>Called for each connection that must be closed because its session now has another.</summary>
    public required Action<Client> Disconnect { get; init; }

    public void OnConnectRequest(Client client, ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var request = ConnectRequest.Read(ref reader);
        if (reader.Malformed)
        {
            Disconnect(client);
            return;
        }

        client.SentReadOnlyFlag = !reader.AtEnd;
        if (request.LastZxidSeen > _database.LastProcessed.Value)
        {
            _outbox.Notices.Add(new Notice(NoticeKind.ClientAheadOfServer, request.SessionId, request.LastZxidSeen, client.Address));
            Disconnect(client);
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

    private void Create(Client client, int timeout)
    {
        if (!_pipeline.DiskHasRoom)
        {
            Disconnect(client);
            return;
        }

        while (_nextSessionId == 0 || _sessions.Find(_nextSessionId) is not null)
            _nextSessionId++;
        var session = _sessions.Add(_nextSessionId++, timeout, _pipeline.Now);
        session.Client = client;
        client.Session = session;
        client.State = ClientState.CreatingSession;
        _pipeline.SubmitCreateSession(client, session);
    }

    private void Reattach(Client client, long sessionId, ReadOnlySpan<byte> password, int timeout)
    {
        // The old connection goes before the password is looked at, as in Apache's server.
        var session = _sessions.Find(sessionId);
        if (session?.Client is { } old)
            Disconnect(old);
        if (session is null || session.Closing || !SessionPassword.Matches(sessionId, password))
        {
            _outbox.Notices.Add(new Notice(NoticeKind.SessionRefused, sessionId, 0, client.Address));
            Respond(client, 0, 0);
            Disconnect(client);
            return;
        }

        session.Timeout = timeout;
        session.Client = client;
        client.Session = session;
        client.State = ClientState.Open;
        _sessions.Touch(session, _pipeline.Now);
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
            writer.WriteBool(false);
        _outbox.Clients.EndFrame(ref writer, client);
    }
}
