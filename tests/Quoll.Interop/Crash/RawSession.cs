using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quoll.Interop.Crash;

/// <summary>What the server said to one request.</summary>
internal sealed record Reply(long Zxid, int Error, ReadOnlyMemory<byte> Body);

/// <summary>The little of a znode's stat that a crash could spoil.</summary>
internal sealed record ZnodeState(long CreatedAt, long ModifiedAt, int Version, string Data);

/// <summary>A session on a plain socket that sends without waiting for replies, and gives up when the connection breaks.</summary>
internal sealed class RawSession : IDisposable
{
    private const int NoNode = -101;
    private const int TimeoutMs = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource<Reply>> _pending = [];
    private bool _isBroken;
    private int _xid;

    private RawSession()
    {
    }

    /// <summary>The session's id, with its password needed to come back to it.</summary>
    public long Id { get; private set; }

    public byte[] Password { get; private set; } = new byte[16];

    public static Task<RawSession> OpenAsync(int port, int timeoutMs = TimeoutMs) => ConnectAsync(port, 0, new byte[16], timeoutMs);

    /// <summary>Comes back to a session on another connection; an <see cref="IOException"/> if the server does not know it.</summary>
    public static Task<RawSession> ResumeAsync(int port, RawSession session) =>
        ConnectAsync(port, session.Id, session.Password, TimeoutMs);

    private static async Task<RawSession> ConnectAsync(int port, long id, byte[] password, int timeoutMs)
    {
        var session = new RawSession();
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await session._socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            var request = new JuteBuilder().Int(0).Long(0).Int(timeoutMs).Long(id).Buffer(password).Bool(false).ToFrame();
            await session._socket.SendAsync(request, patience.Token);
            var stream = new NetworkStream(session._socket);
            session.Begin(await ReadFrameAsync(stream, patience.Token));
            _ = session.ReadRepliesAsync(stream);
            return session;
        }
        catch (SocketException e)
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

    /// <summary>Creates both or neither.</summary>
    public Task<Reply> CreateBothAsync(string one, string other) => SendAsync(14, body =>
    {
        foreach (var path in (string[])[one, other])
            body.Int(1).Bool(false).Int(-1).String(path).Buffer([]).OpenAcl().Int(0);

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
        var reply = await SendAsync(4, body => body.String(path).Bool(false));
        if (reply.Error == NoNode)
            return null;

        Assert.Equal(0, reply.Error);
        return State(reply.Body.Span);

        static ZnodeState State(ReadOnlySpan<byte> body)
        {
            var parser = new JuteParser(body);
            var data = parser.String();
            var (created, modified, _, _) = (parser.Long(), parser.Long(), parser.Long(), parser.Long());
            return new ZnodeState(created, modified, parser.Int(), data);
        }
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
            throw new IOException($"the server does not know the session 0x{Id:x}");
    }

    private Task<Reply> SendAsync(int type, Action<JuteBuilder> body)
    {
        var reply = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isBroken)
                throw new IOException("the connection is broken");

            _pending.Enqueue(reply);
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
        lock (_gate)
        {
            Assert.Equal(_xid - _pending.Count + 1, xid);
            _pending.Dequeue().SetResult(reply);
        }
    }

    private void Break(Exception reason)
    {
        lock (_gate)
        {
            _isBroken = true;
            while (_pending.TryDequeue(out var waiting))
                waiting.SetException(reason);
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
