using System.Buffers.Binary;
using System.Text;
using Quoll.Protocol;
using Quoll.Testing;
using Quoll.Tests.Core;

namespace Quoll.Tests.Testing;

/// <summary>A client that speaks by a stream, one request after the other, and gives up on its test after a generous time.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Stream _stream;
    private int _lastXid;

    private RawClient(Stream stream) => _stream = stream;

    public long SessionId { get; private set; }

    public int Timeout { get; private set; }

    public byte[] Password { get; private set; } = [];

    public static async Task<RawClient> ConnectAsync(
        TestServer server, int timeout = 10_000, long sessionId = 0, byte[]? password = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        return await GreetAsync(await server.ConnectAsync(patience.Token), timeout, sessionId, password);
    }

    /// <summary>Makes a session, or goes on with one; its number is 0 then if it has expired.</summary>
    public static async Task<RawClient> GreetAsync(Stream stream, int timeout = 10_000, long sessionId = 0, byte[]? password = null)
    {
        var client = new RawClient(stream);
        await client.WriteAsync(new Bytes().Int(0).Long(0).Int(timeout).Long(sessionId).Buffer(password ?? new byte[16]).Bool(false));
        var answer = new BytesReader(await client.ReadFrameAsync());
        answer.Int();
        (client.Timeout, client.SessionId, client.Password) = (answer.Int(), answer.Long(), answer.Buffer()!);
        return client;
    }

    /// <summary>The same session by another connection.</summary>
    public Task<RawClient> ComeBackAsync(TestServer server) => ConnectAsync(server, Timeout, SessionId, Password);

    public Task SendAsync(Ask ask) => WriteAsync(new Bytes().Int(++_lastXid).Int((int)ask.Op).Raw(ask.Body));

    public async Task<Reply> ReceiveAsync()
    {
        var frame = await ReadFrameAsync();
        var reader = new BytesReader(frame);
        return new Reply(reader.Int(), reader.Long(), (ErrorCode)reader.Int(), frame[16..]);
    }

    /// <summary>Asks, and returns the reply; events that come before it are left out.</summary>
    public async Task<Reply> CallAsync(Ask ask)
    {
        await SendAsync(ask);
        var reply = await ReceiveAsync();
        while (reply.Xid < 0)
            reply = await ReceiveAsync();
        Assert.Equal(_lastXid, reply.Xid);
        return reply;
    }

    public async Task<Reply> DoAsync(Ask ask)
    {
        var reply = await CallAsync(ask);
        Assert.Equal(ErrorCode.Ok, reply.Error);
        return reply;
    }

    public async Task<string> DataOfAsync(string path) => Encoding.UTF8.GetString((await DoAsync(Ask.GetData(path))).Read().Buffer()!);

    public async Task<bool> SeesAsync(string path) => (await CallAsync(Ask.Exists(path))).Error == ErrorCode.Ok;

    /// <summary>How many bytes there were until the connection ended; an <see cref="IOException"/> if it broke.</summary>
    public async Task<int> ReadToEndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var rest = new MemoryStream();
        await _stream.CopyToAsync(rest, patience.Token);
        return (int)rest.Length;
    }

    public void Dispose() => _stream.Dispose();

    private async Task WriteAsync(Bytes body)
    {
        using var patience = new CancellationTokenSource(Patience);
        await _stream.WriteAsync(new Bytes().Buffer(body.ToArray()).ToArray(), patience.Token);
    }

    private async Task<byte[]> ReadFrameAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var length = new byte[4];
        await _stream.ReadExactlyAsync(length, patience.Token);
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await _stream.ReadExactlyAsync(frame, patience.Token);
        return frame;
    }
}
