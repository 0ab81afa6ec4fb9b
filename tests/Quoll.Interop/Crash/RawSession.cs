using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quoll.Interop.Crash;

/// <summary>What the server said to one request.</summary>
internal sealed record Reply(long Zxid, int Error, ReadOnlyMemory<byte> Body);

/// <summary>How long a client waits for a connection, and for a reply; null is for as long as it takes.</summary>
internal sealed record SessionPatience(TimeSpan Connects, TimeSpan? Replies)
{
    public static SessionPatience Long { get; } = new(TimeSpan.FromSeconds(30), null);
}

/// <summary>The session has expired, or was never there.</summary>
internal sealed class UnknownSessionException(string message) : IOException(message);

/// <summary>The little of a znode's stat that a crash could spoil.</summary>
internal sealed record ZnodeState(long CreatedAt, long ModifiedAt, int Version, string Data);

/// <summary>A session on a plain socket that sends without waiting for replies, and gives up when the connection breaks.</summary>
internal sealed class RawSession : IDisposable
{
    private const int NoNode = -101;
    private const int SessionExpired = -112;
    private const int SessionMoved = -118;
    private const int Event = -1;
    private const int TimeoutMs = 10_000;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Lock _gate = new();
    private readonly Queue<(TaskCompletionSource<Reply> Reply, Action<Reply>? Note)> _pending = [];
    private bool _isBroken;
    private long _heard;
    private int _xid;

    private RawSession(SessionOrder order) => Order = order;

    /// <summary>The session's id, with its password needed to come back to it.</summary>
    public long Id { get; private set; }

    public byte[] Password { get; private set; } = new byte[16];

    /// <summary>Where the server is.</summary>
    public IPEndPoint At { get; private init; } = new(IPAddress.Loopback, 0);

    /// <summary>What the session was told, over all its connections.</summary>
    public SessionOrder Order { get; }

    public static Task<RawSession> OpenAsync(int port, int timeoutMs = TimeoutMs) =>
        OpenAsync(new IPEndPoint(IPAddress.Loopback, port), null, timeoutMs);

    public static Task<RawSession> OpenAsync(IPEndPoint at, SessionPatience? patience = null, int timeoutMs = TimeoutMs) =>
        ConnectAsync(at, null, timeoutMs, patience ?? SessionPatience.Long);

    public static Task<RawSession> ResumeAsync(int port, RawSession session) =>
        ResumeAsync(new IPEndPoint(IPAddress.Loopback, port), session);

    /// <summary>
    /// Comes back to a session on another connection; a <see cref="UnknownSessionException"/> if the server does not know it.
    /// </summary>
    public static Task<RawSession> ResumeAsync(IPEndPoint at, RawSession session, SessionPatience? patience = null) =>
        ConnectAsync(at, session, TimeoutMs, patience ?? SessionPatience.Long);

    private static async Task<RawSession> ConnectAsync(IPEndPoint at, RawSession? of, int timeoutMs, SessionPatience patient)
    {
        var session = new RawSession(of?.Order ?? new SessionOrder()) { At = at };
        try
        {
            using var patience = new CancellationTokenSource(patient.Connects);
            await session._socket.ConnectAsync(at, patience.Token);
            var request = new JuteBuilder().Int(0).Long(session.Order.LastZxid).Int(timeoutMs).Long(of?.Id ?? 0);
            request.Buffer(of?.Password ?? new byte[16]).Bool(false);
            await session._socket.SendAsync(request.ToFrame(), patience.Token);
            var stream = new NetworkStream(session._socket);
            session.Begin(await ReadFrameAsync(stream, patience.Token));
            _ = session.ReadRepliesAsync(stream);
            if (patient.Replies is { } within)
                _ = session.GiveUpAsync(within);
            return session;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            session.Dispose();
            throw new IOException("no connection, or one that broke at once", e);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public Task<Reply> CreateAsync(string path, string data, int flags = 0) =>
        SendAsync(1, body => body.String(path).Buffer(Encoding.UTF8.GetBytes(data)).OpenAcl().Int(flags));

    public Task<Reply> DeleteAsync(string path) => SendAsync(2, body => body.String(path).Int(-1));

    public Task<Reply> SetAsync(string path, string data, int version) =>
        SendAsync(5, body => body.String(path).Buffer(Encoding.UTF8.GetBytes(data)).Int(version));

    /// <summary>Creates both or neither, the other by a create that asks for its stat.</summary>
    public Task<Reply> CreateBothAsync(string one, string other) => SendAsync(14, body =>
    {
        body.Int(1).Bool(false).Int(-1).String(one).Buffer([]).OpenAcl().Int(0);
        body.Int(15).Bool(false).Int(-1).String(other).Buffer([]).OpenAcl().Int(0);
        body.Int(-1).Bool(true).Int(-1);
    });

    /// <summary>Ends the session; its ephemeral znodes are gone when this is answered.</summary>
    public Task<Reply> CloseAsync() => SendAsync(-11, _ => { });

    /// <summary>What is read after it is at least as new as what anybody was told before it.</summary>
    public Task<Reply> SyncAsync() => SendAsync(9, body => body.String("/"));

    public async Task<string[]> ChildrenAsync(string path)
    {
        var reply = await SendAsync(8, body => body.String(path).Bool(false));
        Assert.Equal(0, reply.Error);
        return Names(reply.Body.Span);

        static string[] Names(ReadOnlySpan<byte> body)
        {
            var parser = new JuteParser(body);
            var names = new string[parser.Int()];
            for (var n = 0; n < names.Length; n++)
                names[n] = parser.String();

            return names;
        }
    }

    /// <summary>What is at the path; null if nothing is.</summary>
    public async Task<ZnodeState?> GetAsync(string path)
    {
        return await ReadAsync(path, watches: false);
    }

    /// <summary>The same, and an event is to come before anything newer is read there.</summary>
    public async Task<ZnodeState?> WatchAsync(string path) => await ReadAsync(path, watches: true);

    /// <summary>On a new connection: sets again what was watched on the one before.</summary>
    public async Task WatchAgainAsync()
    {
        if (Order.Watched is not { Count: > 0 } watched)
            return;
        var reply = await SendAsync(101, body =>
        {
            body.Long(Order.LastZxid).Int(watched.Count);
            foreach (var path in watched)
                body.String(path);
            body.Int(0).Int(0);
        });
        Assert.Equal(0, reply.Error);
    }

    private async Task<ZnodeState?> ReadAsync(string path, bool watches)
    {
        var reply = await SendAsync(4, body => body.String(path).Bool(watches), Note);
        if (reply.Error == NoNode)
            return null;
        ThrowIfGone(reply);

        Assert.Equal(0, reply.Error);
        return State(reply.Body.Span);

        static ZnodeState State(ReadOnlySpan<byte> body)
        {
            var parser = new JuteParser(body);
            var data = parser.String();
            var (created, modified, _, _) = (parser.Long(), parser.Long(), parser.Long(), parser.Long());
            return new ZnodeState(created, modified, parser.Int(), data);
        }

        // Where replies are read, so that nothing comes between.
        void Note(Reply read)
        {
            if (read.Error == 0)
                Order.OnRead(path, State(read.Body.Span).ModifiedAt, watches);
        }
    }

    /// <summary>A session that is over, or goes on elsewhere, is told so in replies: for who waits that is the connection's end.</summary>
    public static void ThrowIfGone(Reply reply)
    {
        if (reply.Error is SessionExpired or SessionMoved)
            throw new IOException($"the session is gone from this connection: error {reply.Error}");
    }

    public void Dispose() => _socket.Dispose();

    private void Begin(byte[] response)
    {
        // version · timeout · session id · password
        var parser = new JuteParser(response);
        var (_, timeout) = (parser.Int(), parser.Int());
        Id = parser.Long();
        Password = parser.Buffer().ToArray();
        if (timeout <= 0)
            throw new UnknownSessionException($"the server does not know the session 0x{Id:x}");
    }

    private Task<Reply> SendAsync(int type, Action<JuteBuilder> body, Action<Reply>? note = null)
    {
        var reply = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isBroken)
                throw new IOException("the connection is broken");

            if (_pending.Count == 0)
                _heard = Stopwatch.GetTimestamp();
            _pending.Enqueue((reply, note));
            var request = new JuteBuilder().Int(++_xid).Int(type);
            body(request);
            try
            {
                _socket.Send(request.ToFrame());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The reader meets the same end, and tells all who wait.
            }
        }

        return reply.Task;
    }

    private async Task ReadRepliesAsync(NetworkStream stream)
    {
        await using var _ = stream;
        try
        {
            while (true)
                Answer(await ReadFrameAsync(stream, CancellationToken.None));
        }
        catch (Exception end)
        {
            var isCut = end is IOException or SocketException or ObjectDisposedException;
            Break(isCut ? new IOException("the connection broke before the reply", end) : end);
        }
    }

    private void Answer(byte[] frame)
    {
        var parser = new JuteParser(frame);
        var xid = parser.Int();
        var reply = new Reply(parser.Long(), parser.Int(), frame.AsMemory(16));
        if (xid == Event)
        {
            Order.OnEvent(reply);
            return;
        }

        lock (_gate)
        {
            Assert.Equal(_xid - _pending.Count + 1, xid);
            _heard = Stopwatch.GetTimestamp();
            Order.OnReply(reply);
            _pending.Peek().Note?.Invoke(reply);
            _pending.Dequeue().Reply.SetResult(reply);
        }
    }

    // Ends the connection when something was asked for, and nothing comes.
    private async Task GiveUpAsync(TimeSpan within)
    {
        using var timer = new PeriodicTimer(within / 8);
        while (await timer.WaitForNextTickAsync())
        {
            lock (_gate)
            {
                if (_isBroken)
                    return;
                if (_pending.Count > 0 && Stopwatch.GetElapsedTime(_heard) > within)
                    Dispose();
            }
        }
    }

    private void Break(Exception reason)
    {
        lock (_gate)
        {
            _isBroken = true;
            while (_pending.TryDequeue(out var waiting))
                waiting.Reply.SetException(reason);
        }
    }

    private static async Task<byte[]> ReadFrameAsync(NetworkStream stream, CancellationToken cancel)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, cancel);
        var frame = new byte[new JuteParser(length).Int()];
        await stream.ReadExactlyAsync(frame, cancel);
        return frame;
    }
}
