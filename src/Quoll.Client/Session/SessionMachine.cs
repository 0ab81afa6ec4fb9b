using Quoll.Client.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Session;

/// <summary>
/// A client's session as a state machine: whom to connect to and when, greetings, requests and answers, watches, signs of life, and when
/// all of that is over. What happens comes in as calls, with the time; what is to be done is in <see cref="Effects"/> after each call.
/// No I/O, clock, thread or task: its host has these, and calls it under one lock.
/// </summary>
internal sealed class SessionMachine
{
    private const int SetWatchesXid = -8;
    private readonly ZooKeeperClientOptions _options;
    private readonly ServerList _servers;
    private readonly RequestQueue _requests;
    private readonly CredentialList _credentials;
    private readonly Lifetime _life;
    private Phase _phase = Phase.Pausing;
    private ServerAddress? _server;
    private TimeSpan _next;
    private TimeSpan _probePause;
    private long _lastZxid;
    private int _unconfirmedWatches;
    private bool _resyncsStreams;
    private bool _closing;
    private ErrorCode _refusal = ErrorCode.SessionExpired;

    public SessionMachine(ZooKeeperClientOptions options, ServerAddresses servers, Random random, long start)
    {
        _options = options;
        _servers = new ServerList(servers.Servers, random, options.ReconnectDelay, options.MaxReconnectDelay);
        _requests = new RequestQueue(options.MaxPendingRequests, Effects.Work);
        Watches = new WatchTable(Effects.Work);
        _credentials = new CredentialList(options.Credentials, Effects.Work);
        _life = new Lifetime(options, start);
    }

    private enum Phase
    {
        Pausing,
        Dialing,
        Greeting,
        Open,
        Over,
    }

    public Effects Effects { get; } = new();

    public WatchTable Watches { get; }

    /// <summary>The session that there is.</summary>
    public ZooKeeperSession? Session => _life.Session;

    /// <summary>Which of the connections is the one that counts; what comes of others is ignored.</summary>
    public int Connection { get; private set; }

    public int Pending => _requests.Count;

    public ConnectionState State { get; private set; } = ConnectionState.Connecting;

    /// <summary>When <see cref="Advance"/> has something to do, if nothing happens before.</summary>
    public TimeSpan WakeAt
    {
        get
        {
            var next = _phase switch
            {
                Phase.Open => _life.NextDeadline,
                Phase.Over => TimeSpan.MaxValue,
                _ => Earlier(_next, _life.ExpiresAt),
            };
            if (_phase == Phase.Open && State == ConnectionState.ConnectedReadOnly)
                next = Earlier(next, _next);
            next = Earlier(next, _life.LeaseDeadline);
            next = Earlier(next, _credentials.NextDeadline);
            return Earlier(next, _requests.NextDeadline);
        }
    }

    /// <summary>The time of what is said next, since the client was made.</summary>
    public TimeSpan Now { get; set; }

    private ServerAddress Server => _server ?? throw new InvalidOperationException("No server was ever tried.");

    public void Advance()
    {
        var now = Now;
        _requests.Expire(now, _options.RequestTimeout);
        _credentials.Expire(now);
        if (_phase != Phase.Over && _life.CheckLease(now) is { } lapsed)
            Effects.Work.Add(lapsed);
        switch (_phase)
        {
            case Phase.Pausing or Phase.Dialing or Phase.Greeting when now >= _life.ExpiresAt:
                EndSession("no server was reached for longer than the session lives");

                // A server that was asked for the session could give it back: what we held in it would live on, and nobody would know.
                if (_phase == Phase.Greeting)
                    Lose("the session that it was asked for has ended");
                break;
            case Phase.Pausing when now >= _next:
                Dial();
                break;
            case Phase.Dialing or Phase.Greeting when now >= _next:
                Lose("it did not answer in time");
                break;
            case Phase.Open:
                StayAlive();
                break;
        }
    }

    public void Submit(Request request)
    {
        if (_phase == Phase.Over || _closing)
            Refuse(request, _refusal, "the client is closed");
        else if (request.Session is not null && (request.Session != Session || request.Session.IsOver))
            Refuse(request, ErrorCode.SessionExpired, $"session {request.Session} has ended");
        else if (_requests.IsFull)
            Refuse(request, ErrorCode.ThrottledOp, $"{_requests.Count} requests are pending already");
        else
            Take(request);
    }

    public void Cancel(Request request, CancellationToken token) => _requests.Cancel(request, token);

    /// <summary>The output has been taken: there is room for more.</summary>
    public void Pump()
    {
        if (_phase == Phase.Open && _requests.HasUnsent && _requests.Send(Effects.Output, Now))
            _life.OnSent(Now);
    }

    public void OnOpened(int connection)
    {
        if (connection != Connection || _phase != Phase.Dialing)
            return;
        _phase = Phase.Greeting;
        _life.OnGreeting(Now);
        _life.WriteGreeting(Effects.Output, _lastZxid, _options.AllowReadOnly);
    }

    public void OnClosed(int connection, string why)
    {
        if (connection == Connection && _phase != Phase.Over)
            Lose(why);
    }

    public void OnFrame(int connection, ReadOnlySpan<byte> frame)
    {
        if (connection != Connection)
            return;
        var reader = new JuteReader(frame);
        if (_phase == Phase.Greeting)
            OnGreeting(ref reader);
        else if (_phase == Phase.Open)
            OnReply(ref reader, frame.Length);
    }

    /// <summary>A server with a quorum was found while we are with one that has none.</summary>
    public void OnReadWriteServer(ServerAddress server)
    {
        if (State != ConnectionState.ConnectedReadOnly)
            return;
        _servers.Prefer(server);
        Lose($"{server} has a quorum");
    }

    public void SetServers(IReadOnlyList<ServerAddress> servers)
    {
        if (_servers.Replace(servers, _server) && _phase is Phase.Open or Phase.Greeting or Phase.Dialing)
            Lose("it is not in the list of servers any more");
    }

    /// <summary>Says farewell once all requests before it are answered; false if there is nobody to say it to.</summary>
    public bool Close(CloseRequest farewell)
    {
        if (_phase != Phase.Open)
            return false;
        Take(farewell);
        _closing = true;
        return true;
    }

    /// <summary>All is over: what is pending fails, streams end, and nothing happens any more.</summary>
    public void End(ConnectionState state, ErrorCode error, string why)
    {
        if (_phase == Phase.Over)
            return;
        Effects.Drop = true;
        Connection++;
        _phase = Phase.Over;
        _refusal = error;
        if (_life.End() is { } ended)
            Effects.Work.Add(ended);
        _requests.FailAll(null, error, _server?.ToString(), why);
        _credentials.FailAll(error, _server?.ToString(), why);
        Watches.EndSingles(ResyncReason.Closed);
        Watches.EndStreams();
        Change(state, why);
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void Take(Request request)
    {
        request.Session ??= Session;
        request.Deadline = Now + _options.RequestTimeout;
        if (request is AddAuthRequest credential)
        {
            _credentials.Add(credential);
            if (_phase == Phase.Open)
                CredentialList.Write(Effects.Output, credential);
            return;
        }

        _requests.Add(request);
        Pump();
    }

    private void Refuse(Request request, ErrorCode error, string why)
    {
        request.Fail(new Failure(error, RequestOutcome.NotSent, null, why));
        Effects.Work.Add(request);
    }

    private void Dial()
    {
        _server = _servers.Next();
        _phase = Phase.Dialing;
        var share = TimeSpan.FromTicks(_options.SessionTimeout.Ticks / _servers.Count);
        _next = Now + (share < _options.ConnectTimeout ? share : _options.ConnectTimeout);
        Effects.Dial = _server;
        Connection++;
    }

    private void Lose(string why)
    {
        var wasOpen = _phase == Phase.Open;
        _phase = Phase.Pausing;
        _next = Now + _servers.Pause();
        Connection++;
        Effects.Drop = true;
        Effects.Output.ResetWrittenCount();
        if (!wasOpen)
        {
            Effects.Attempts.Add((Server, why));
            return;
        }

        _requests.OnConnectionLost(Server.ToString(), why);
        if (_closing)
            End(ConnectionState.Closed, ErrorCode.SessionExpired, "the client was closed");
        else
            Change(Session is null ? ConnectionState.Connecting : ConnectionState.Suspended, why);
    }

    private void OnGreeting(ref JuteReader reader)
    {
        var response = ConnectResponse.Read(ref reader);
        if (reader.Malformed)
        {
            Lose("it did not greet as a ZooKeeper server does");
            return;
        }

        var readOnly = !reader.AtEnd && reader.ReadBool();
        if (response.Timeout <= 0)
        {
            EndSession("the server says that it has ended");
            Lose("it does not know the session");
            return;
        }

        // Some servers give another session than the one that was asked for: then that one has ended.
        if (_life.Session is { } asked && asked.Id != response.SessionId)
            EndSession("the server gave another");
        _phase = Phase.Open;
        _servers.OnServed();
        _probePause = TimeSpan.FromMilliseconds(100);
        _next = Now + _probePause;
        _resyncsStreams |= _life.OnGreeted(response, readOnly, Now);
        _credentials.WriteAll(Effects.Output);
        _unconfirmedWatches = Watches.WriteSetWatches(Effects.Output, _lastZxid);
        _resyncsStreams &= _unconfirmedWatches > 0;
        Change(readOnly ? ConnectionState.ConnectedReadOnly : ConnectionState.Connected, null);
        Pump();
    }

    private void OnReply(ref JuteReader reader, int length)
    {
        var header = ReplyHeader.Read(ref reader);
        _life.OnHeard(Now);
        if (header.Zxid > 0)
            _lastZxid = header.Zxid;
        switch (header.Xid)
        {
            case ReservedXid.Notification:
                var fired = WatcherEvent.Read(ref reader);
                if (!reader.Malformed)
                    Watches.Fire((EventType)fired.Type, fired.Path.ToString(), header.Zxid);
                break;
            case ReservedXid.Ping:
                _life.OnPong();
                break;
            case ReservedXid.Auth:
                if (header.Error == 0)
                    _credentials.OnTaken(Server);
                else
                    End(ConnectionState.AuthenticationFailed, ErrorCode.AuthFailed, "the server refused the credentials");
                break;
            case SetWatchesXid:
                OnWatchesSet();
                break;
            default:
                OnAnswer(header, ref reader, length);
                return;
        }

        if (reader.Malformed)
            Lose("it sent what makes no sense");
    }

    private void OnAnswer(ReplyHeader header, ref JuteReader reader, int length)
    {
        if (reader.Malformed || _requests.Answered(header.Xid) is not { } request)
        {
            Lose("it did not answer in the order of the requests");
            return;
        }

        _life.OnAnswered(request.SentAt);
        if (!request.IsDone)
        {
            var error = (ErrorCode)header.Error;
            request.AnswerLength = length;
            request.Answer(error, ref reader, Server);
            if (request.Watch is { } watch && (error == ErrorCode.Ok || (error == ErrorCode.NoNode && request.OpCode == OpCode.Exists)))
                Watches.Add(watch, error == ErrorCode.Ok);
            Effects.Work.Add(request);
        }

        if (request is CloseRequest)
            End(ConnectionState.Closed, ErrorCode.SessionExpired, "the client was closed");
    }

    private void OnWatchesSet()
    {
        if (--_unconfirmedWatches > 0 || !_resyncsStreams)
            return;
        _resyncsStreams = false;
        Watches.Resync(_life.IsNew ? ResyncReason.NewSession : ResyncReason.Reconnected);
    }

    private void StayAlive()
    {
        if (Now >= _life.SilentUntil)
        {
            Lose($"nothing was heard of it for {(Now - _life.HeardAt).TotalSeconds:0.0} s");
            return;
        }

        if (_life.WantsPing(Now))
        {
            RequestQueue.Frame(Effects.Output, ReservedXid.Ping, OpCode.Ping, null);
            _life.OnPing(Now);
        }

        if (State != ConnectionState.ConnectedReadOnly || Now < _next)
            return;
        _probePause = TimeSpan.FromTicks(Math.Min(_probePause.Ticks * 2, TimeSpan.TicksPerMinute));
        _next = Now + _probePause;
        Effects.Probe = _servers.Candidate();
    }

    private void EndSession(string why)
    {
        if (_life.End() is not { } ended)
            return;
        Effects.Work.Add(ended);
        _requests.FailAll(ended.Session, ErrorCode.SessionExpired, _server?.ToString(), why);
        Watches.EndSingles(ResyncReason.NewSession);
        Change(ConnectionState.Connecting, $"session {ended.Session} has ended: {why}");
    }

    private void Change(ConnectionState state, string? why)
    {
        State = state;
        Effects.Changes.Add(new StateChange(state, Session, _server?.ToString(), why));
    }
}
