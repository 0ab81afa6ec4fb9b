using System.Net.Sockets;
using Quoll.Protocol;
using Quoll.Server;
using Quoll.Tests.Core;

namespace Quoll.Tests.Server.Clients;

public sealed class ClientConnectionTests : IDisposable
{
    private readonly LoopHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Frames_are_answered_whole_or_in_pieces()
    {
        var client = _host.Connect();
        await client.ShakeHandsAsync();

        Assert.Equal(ErrorCode.Ok, (await client.CallAsync(Ask.Create("/a", "text"))).Error);
        foreach (var one in new Bytes().Buffer(new Bytes().Int(9).Int((int)OpCode.GetData).Raw(Ask.GetData("/a").Body).ToArray()).ToArray())
            await client.SendRawAsync([one]);

        Assert.Equal("text"u8.ToArray(), (await client.ReadReplyAsync()).Read().Buffer());
    }

    [Fact]
    public async Task A_socket_that_failed_ends_its_connection_and_not_the_server()
    {
        var broken = _host.Connect();
        await broken.ShakeHandsAsync();
        var other = _host.Connect();
        await other.ShakeHandsAsync();

        await broken.FromServer.CompleteAsync(new SocketException((int)SocketError.TimedOut));
        await broken.SendAsync(Ask.Ping);
        await broken.Served;

        Assert.Equal(ErrorCode.Ok, (await other.CallAsync(Ask.Create("/a"))).Error);
        Assert.Empty(_host.Failures);
    }

    [Fact]
    public async Task A_client_that_has_not_read_a_long_reply_yet_is_heard_all_the_same()
    {
        var client = await WithLargeZnodeAsync();
        await client.SendAsync(Ask.GetData("/large"));
        var before = await ReceivedAsync(atLeast: 3);

        await client.SendAsync(Ask.Ping, Ask.Ping);

        Assert.Equal(before + 2, await ReceivedAsync(atLeast: before + 2));
        Assert.Equal(500_000, (await client.ReadReplyAsync()).Read().Buffer()!.Length);
        Assert.Equal(ReservedXid.Ping, (await client.ReadReplyAsync()).Xid);
        Assert.Equal(ReservedXid.Ping, (await client.ReadReplyAsync()).Xid);
    }

    [Fact]
    public async Task A_client_that_asks_on_without_reading_is_not_read_until_it_does()
    {
        var client = await WithLargeZnodeAsync();
        for (var i = 0; i < 50; i++)
            await client.SendAsync(Ask.GetData("/large"));

        // In one step the peer answers until it has 4 MB to send, which is nine of these; it may be after one of them.
        Assert.InRange(await ReceivedAsync(atLeast: 3), 3, 2 + 1 + 9);

        for (var i = 0; i < 50; i++)
            Assert.Equal(ErrorCode.Ok, (await client.ReadReplyAsync()).Error);
    }

    [Fact]
    public async Task Many_large_reads_in_one_go_are_all_answered_in_order()
    {
        var client = await WithLargeZnodeAsync();
        var last = await client.SendAsync([.. Enumerable.Repeat(Ask.GetData("/large"), 100)]);

        var xids = new List<int>();
        for (var i = 0; i < 100; i++)
            xids.Add((await client.ReadReplyAsync()).Xid);

        Assert.Equal(Enumerable.Range(last - 99, 100), xids);
    }

    [Fact]
    public async Task What_was_said_before_a_close_arrives_though_the_client_is_slow()
    {
        var client = await WithLargeZnodeAsync();
        var close = await client.SendAsync(Ask.GetData("/large"), Ask.Create("/a"), Ask.GetData("/large"), Ask.Close);

        var replies = new List<Reply>();
        while (replies.LastOrDefault()?.Xid != close)
            replies.Add(await client.ReadReplyAsync());

        Assert.Equal(4, replies.Count);
        await client.Served;
    }

    [Fact]
    public async Task A_client_that_does_not_read_what_was_said_before_a_close_is_cut_off()
    {
        var client = await WithLargeZnodeAsync();
        await client.SendAsync(Ask.GetData("/large"), Ask.Close);
        var other = _host.Connect();
        await other.ShakeHandsAsync();
        await other.CallAsync(Ask.Create("/later"));

        _host.Loop.Post(new Input(InputKind.Tick));

        await client.Served;
        Assert.Equal(1, await _host.Loop.AskAsync(peer => peer.Introspection.ConnectionCount));
    }

    [Fact]
    public async Task A_client_that_ends_its_side_is_closed_and_its_watches_are_dropped()
    {
        var client = _host.Connect();
        await client.ShakeHandsAsync();
        await client.SendAsync(Ask.Exists("/a", watch: true), Ask.Create("/b"));

        await client.ToServer.CompleteAsync();
        await client.Served;

        Assert.Equal(0, await _host.Loop.AskAsync(peer => peer.Introspection.WatchCount));
        Assert.Equal(1, await _host.Loop.AskAsync(peer => peer.Introspection.Sessions.Count));
    }

    [Fact]
    public async Task What_came_before_the_end_of_a_connection_is_taken_though_the_end_is_known()
    {
        var client = _host.Connect();
        await client.ShakeHandsAsync();
        client.Server.ConnectionClosed = new CancellationToken(canceled: true);

        await client.SendAsync(Ask.Create("/first"));
        await client.SendAsync(Ask.Create("/last"));
        await client.ToServer.CompleteAsync();
        await client.Served;

        var other = _host.Connect();
        await other.ShakeHandsAsync();
        Assert.Equal(ErrorCode.Ok, (await other.CallAsync(Ask.Exists("/last"))).Error);
    }

    [Fact]
    public async Task A_question_that_fails_is_its_askers_affair()
    {
        var client = _host.Connect();
        await client.ShakeHandsAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => _host.Loop.AskAsync<int>(_ => throw new InvalidOperationException()));

        Assert.Equal(ErrorCode.Ok, (await client.CallAsync(Ask.Ping)).Error);
        Assert.Empty(_host.Failures);
    }

    // A connection reads on when the thread pool comes to it.
    private async Task<long> ReceivedAsync(long atLeast)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var received = await _host.Loop.AskAsync(peer => peer.Introspection.Received);
            if (received >= atLeast)
                return received;
            await Task.Yield();
        }
    }

    private async Task<PipeClient> WithLargeZnodeAsync()
    {
        var client = _host.Connect();
        await client.ShakeHandsAsync();
        Assert.Equal(ErrorCode.Ok, (await client.CallAsync(Ask.Create("/large", new string('x', 500_000)))).Error);
        return client;
    }
}
