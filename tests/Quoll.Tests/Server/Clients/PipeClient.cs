using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Quoll.Protocol;
using Quoll.Tests.Core;

namespace Quoll.Tests.Server.Clients;

/// <summary>The client's ends of a connection to a <see cref="LoopHost"/>.</summary>
internal sealed class PipeClient(ConnectionContext server, PipeWriter toServer, PipeReader fromServer, Task served)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private int _lastXid;

    /// <summary>The server's end.</summary>
    public ConnectionContext Server => server;

    public PipeWriter ToServer => toServer;

    public PipeReader FromServer => fromServer;

    /// <summary>Ends when the server has done with the connection.</summary>
    public Task Served => served.WaitAsync(Patience);

    public async Task ShakeHandsAsync()
    {
        await SendFrameAsync(new Bytes().Int(0).Long(0).Int(30_000).Long(0).Buffer(new byte[16]).Bool(false).ToArray());
        Assert.Equal(37, (await ReadFrameAsync())!.Length);
    }

    /// <summary>Sends requests in one go; returns the xid of the last.</summary>
    public async Task<int> SendAsync(params Ask[] asks)
    {
        var bytes = new Bytes();
        foreach (var ask in asks)
            bytes.Buffer(new Bytes().Int(++_lastXid).Int((int)ask.Op).Raw(ask.Body).ToArray());
        await toServer.WriteAsync(bytes.ToArray());
        return _lastXid;
    }

    public async Task<Reply> CallAsync(Ask ask)
    {
        await SendAsync(ask);
        return await ReadReplyAsync();
    }

    public async Task<Reply> ReadReplyAsync()
    {
        var frame = await ReadFrameAsync();
        Assert.NotNull(frame);
        var reader = new BytesReader(frame);
        return new Reply(reader.Int(), reader.Long(), (ErrorCode)reader.Int(), frame[16..]);
    }

    /// <summary>The next frame; null at the end of the connection.</summary>
    public async Task<byte[]?> ReadFrameAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var result = await fromServer.ReadAsync(patience.Token);
            if (TryCut(result.Buffer) is { } frame)
            {
                fromServer.AdvanceTo(result.Buffer.GetPosition(4 + frame.Length));
                return frame;
            }

            fromServer.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
                return null;
        }
    }

    public async Task SendRawAsync(byte[] bytes) => await toServer.WriteAsync(bytes);

    private static byte[]? TryCut(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < 4)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(buffer.Slice(0, 4).ToArray());
        return buffer.Length < 4 + length ? null : buffer.Slice(4, length).ToArray();
    }

    private async Task SendFrameAsync(byte[] frame) => await toServer.WriteAsync(new Bytes().Buffer(frame).ToArray());
}
