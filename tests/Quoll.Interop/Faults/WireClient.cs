using System.Net;
using System.Net.Sockets;
using Quoll.Interop.Crash;

namespace Quoll.Interop.Faults;

/// <summary>A connection that sends exactly the bytes it is told to, and reads only when it is asked to.</summary>
internal sealed class WireClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private int _xid;

    private WireClient(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    public long SessionId { get; private set; }

    public byte[] Password { get; private set; } = [];

    /// <summary>What the server made of the timeout asked for, in milliseconds.</summary>
    public int Timeout { get; private set; }

    /// <summary>A connection without a session; a small receive buffer is full, and its window shut, after few bytes.</summary>
    public static async Task<WireClient> DialAsync(int port, int receiveBuffer = 0)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
            socket.ReceiveBufferSize = receiveBuffer;

        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
        return new WireClient(socket);
    }

    /// <summary>A connection with a new session, or with another connection's.</summary>
    public static async Task<WireClient> OpenAsync(int port, int timeout = 30_000, WireClient? resumes = null, int receiveBuffer = 0)
    {
        var client = await DialAsync(port, receiveBuffer);
        await client.SendAsync(ConnectRequest(timeout, resumes));
        if (await client.ReadFrameAsync() is not { } frame)
            throw new IOException("the server closed the connection instead of giving it a session");

        client.Learn(frame);
        return client;
    }

    public static byte[] ConnectRequest(int timeout = 30_000, WireClient? resumes = null) => new JuteBuilder()
        .Int(0).Long(0).Int(timeout).Long(resumes?.SessionId ?? 0).Buffer(resumes?.Password ?? new byte[16]).Bool(false).ToFrame();

    /// <summary>The bytes of a request as they would be sent.</summary>
    public byte[] Frame(int type, Func<JuteBuilder, JuteBuilder> body) => body(new JuteBuilder().Int(++_xid).Int(type)).ToFrame();

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Patience);
        await _socket.SendAsync(bytes, patience.Token);
    }

    /// <summary>Sends, though the server may have closed the connection before it has taken all.</summary>
    public async Task SendInVainAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes);
        }
        catch (SocketException)
        {
            // It is closed; whoever reads next sees the same.
        }
    }

    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    public async Task<Reply> CallAsync(int type, Func<JuteBuilder, JuteBuilder> body)
    {
        await SendAsync(Frame(type, body));
        return await ReadReplyAsync();
    }

    public Task<Reply> CreateAsync(string path, byte[] data, int flags = 0) =>
        CallAsync(1, body => body.String(path).Buffer(data).OpenAcl().Int(flags));

    public Task<Reply> GetAsync(string path) => CallAsync(4, body => body.String(path).Bool(false));

    public async Task<bool> ExistsAsync(string path) => (await CallAsync(3, body => body.String(path).Bool(false))).Error == 0;

    public Task<Reply> PingAsync() => CallAsync(11, body => body);

    /// <summary>The next frame that is no event.</summary>
    public async Task<Reply> ReadReplyAsync()
    {
        while (true)
        {
            var frame = await ReadFrameAsync() ?? throw new IOException("the connection was closed before the reply");
            if (ToReply(frame) is { } reply)
                return reply;
        }
    }

    /// <summary>The next frame; null at the end of the connection.</summary>
    public async Task<byte[]?> ReadFrameAsync()
    {
        var length = new byte[4];
        if (!await FillAsync(length))
            return null;

        var frame = new byte[new JuteParser(length).Int()];
        return await FillAsync(frame) ? frame : null;
    }

    /// <summary>Reads until the server has closed the connection; returns how many bytes came before.</summary>
    public async Task<int> ReadToEndAsync()
    {
        var bytes = 0;
        var buffer = new byte[256 * 1024];
        while (await ReadAsync(buffer) is > 0 and var read)
            bytes += read;

        return bytes;
    }

    public async Task EndSessionAsync()
    {
        Assert.Equal(0, (await CallAsync(-11, body => body)).Error);
        Dispose();
    }

    /// <summary>Closes the socket without a word to the server, as when the machine vanishes. False where that is not permitted.</summary>
    public bool TryVanish()
    {
        const int tcp = 6;
        const int repair = 19;
        try
        {
            _socket.SetRawSocketOption(tcp, repair, [1, 0, 0, 0]);
        }
        catch (SocketException)
        {
            return false;
        }

        _socket.Dispose();
        return true;
    }

    public void Dispose() => _socket.Dispose();

    private static Reply? ToReply(byte[] frame)
    {
        var parser = new JuteParser(frame);
        var xid = parser.Int();
        return xid == -1 ? null : new Reply(parser.Long(), parser.Int(), frame.AsMemory(16));
    }

    private void Learn(byte[] frame)
    {
        var parser = new JuteParser(frame);
        parser.Int();
        Timeout = parser.Int();
        SessionId = parser.Long();
        Password = parser.Buffer().ToArray();
    }

    private async Task<bool> FillAsync(byte[] buffer)
    {
        for (var filled = 0; filled < buffer.Length;)
        {
            var read = await ReadAsync(buffer.AsMemory(filled));
            if (read == 0)
                return false;

            filled += read;
        }

        return true;
    }

    // A reset is an end too: it is what comes when the server closes while bytes of ours are unread.
    private async Task<int> ReadAsync(Memory<byte> buffer)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await _socket.ReceiveAsync(buffer, patience.Token);
        }
        catch (SocketException)
        {
            return 0;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the server neither spoke nor closed the connection for {Patience.TotalSeconds} s");
        }
    }
}
