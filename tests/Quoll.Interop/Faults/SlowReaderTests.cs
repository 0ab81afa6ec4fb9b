using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>
/// Clients that make the server speak and do not listen. Apache's server keeps what they do not read without a bound; hence no test here
/// is for it.
/// </summary>
[Trait("server", "Quoll")]
public sealed class SlowReaderTests
{
    private const int TinyWindow = 4096;
    private const int Large = 900_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Settings =
        ["tickTime=200", "minSessionTimeout=400", "maxSessionTimeout=30000", "nio.sessionlessCnxnTimeout=1000", "forceSync=no"];

    [Fact]
    public async Task Who_watches_and_never_reads_is_cut_off_with_a_word_in_the_log_and_the_others_are_served()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, Settings);
        using var witness = await Witness.OpenAsync(server);
        var watched = "/" + new string('w', 300_000);
        await witness.MakeAsync(watched);
        var sockets = server.OpenSockets();
        var before = server.ResidentBytes();
        var deaf = new List<WireClient>();
        for (var i = 0; i < 4; i++)
        {
            var client = await WireClient.OpenAsync(server.Port, receiveBuffer: TinyWindow);
            deaf.Add(client);
            Assert.Equal(0, (await client.CallAsync(106, body => body.String(watched).Int(0))).Error);
        }

        // An event is as long as its path. The ends of the connections hold some megabytes, and the server up to sixteen for each.
        for (var change = 0; change < 120; change++)
        {
            var reply = await witness.Session.SetAsync(watched, "", -1);
            Assert.Equal(0, reply.Error);
            if (change % 20 == 0)
                await witness.CheckAsync();
        }

        await UntilClosedAsync(server, witness, sockets);
        Assert.Equal(4, server.Output.Split("does not read").Length - 1);
        Assert.InRange(server.ResidentBytes() - before, long.MinValue, 400L << 20);
        await witness.CheckAsync();
        deaf.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Who_asks_for_large_znodes_and_never_reads_is_not_read_either_and_holds_nothing_for_ever()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, Settings);
        using var witness = await Witness.OpenAsync(server);
        await witness.MakeAsync("/large", Large);
        var sockets = server.OpenSockets();
        var before = server.ResidentBytes();
        var deaf = new List<WireClient>();
        for (var i = 0; i < 4; i++)
        {
            var client = await WireClient.OpenAsync(server.Port, timeout: 2000, receiveBuffer: TinyWindow);
            deaf.Add(client);
            var ask = client.Frame(4, body => body.String("/large").Bool(false));
            await client.SendAsync(Enumerable.Repeat(ask, 1000).SelectMany(bytes => bytes).ToArray());
            await witness.CheckAsync();
        }

        Assert.InRange(server.ResidentBytes() - before, long.MinValue, 300L << 20);

        // They are not heard, since they are not read: their sessions expire, and their sockets are not kept for their last words.
        await UntilClosedAsync(server, witness, sockets);
        await witness.CheckAsync();
        deaf.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData(100_000)]   // the reply waits in the socket's own buffers
    [InlineData(Large)]
    public async Task Who_says_goodbye_and_does_not_read_the_answer_holds_no_socket_for_ever(int bytes)
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, Settings);
        using var witness = await Witness.OpenAsync(server);
        await witness.MakeAsync("/data", bytes);
        var sockets = server.OpenSockets();
        var deaf = new List<WireClient>();
        for (var i = 0; i < 8; i++)
        {
            var client = await WireClient.OpenAsync(server.Port, timeout: 2000, receiveBuffer: TinyWindow);
            deaf.Add(client);
            var ask = client.Frame(4, body => body.String("/data").Bool(false));
            var asks = Enumerable.Repeat(ask, 1 + (i * 10)).SelectMany(frame => frame);
            await client.SendAsync(asks.Concat(client.Frame(-11, body => body)).ToArray());
        }

        await UntilClosedAsync(server, witness, sockets);
        await witness.CheckAsync();
        deaf.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task The_server_stops_in_time_though_a_client_does_not_take_its_last_words()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "nio.sessionlessCnxnTimeout=600000");
        using var witness = await Witness.OpenAsync(server);
        await witness.MakeAsync("/large", Large);
        using var client = await WireClient.OpenAsync(server.Port, receiveBuffer: TinyWindow);
        Assert.Equal(0, (await client.CreateAsync("/mine", [], flags: 1)).Error);
        var asks = Enumerable.Repeat(client.Frame(4, body => body.String("/large").Bool(false)), 2).SelectMany(frame => frame);
        await client.SendAsync(asks.Concat(client.Frame(-11, body => body)).ToArray());
        await witness.UntilGoneAsync("/mine", server);

        Assert.Equal(0, await server.StopAsync());
    }

    private static Task UntilClosedAsync(ServerProcess server, Witness witness, int sockets) => Deadline.UntilAsync(
        Patience,
        "their sockets are closed",
        async () =>
        {
            await witness.CheckAsync();
            return server.OpenSockets() <= sockets;
        },
        () => server.Output);
}
