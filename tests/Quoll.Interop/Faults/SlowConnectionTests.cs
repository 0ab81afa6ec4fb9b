using System.Diagnostics;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Clients that are slow, silent or gone without a word, and others that are not held up by them.</summary>
public sealed class SlowConnectionTests
{
    private const int Crowd = 1000;
    private const int SessionlessMs = 1000;
    private static readonly string Sessionless = $"nio.sessionlessCnxnTimeout={SessionlessMs}";

    [Theory, EachServer]
    public async Task A_connection_without_a_session_is_closed_after_its_time_and_not_before(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, Sessionless);
        using var witness = await Witness.OpenAsync(server);
        await Task.WhenAll(((int[])[0, 1, 3, 4, 20, 48]).Select(said => UntilClosedAsync(server, said)));
        await witness.CheckAsync();
    }

    [Theory, EachServer]
    public async Task Bytes_that_come_one_at_a_time_are_understood(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind);
        using var witness = await Witness.OpenAsync(server);
        using var client = await WireClient.DialAsync(server.Port);
        await DripAsync(client, WireClient.ConnectRequest());
        Assert.Equal(37, (await client.ReadFrameAsync())!.Length);

        await DripAsync(client, client.Frame(1, body => body.String("/slow").Buffer([1, 2, 3]).OpenAcl().Int(0)));
        Assert.Equal(0, (await client.ReadReplyAsync()).Error);

        // The header of one request, others meanwhile, and then its body with the next request behind it.
        var one = client.Frame(5, body => body.String("/slow").Buffer([4]).Int(-1));
        await client.SendAsync(one.AsMemory(0, 12));
        await witness.CheckAsync();
        await client.SendAsync(one.Concat(client.Frame(4, body => body.String("/slow").Bool(false))).Skip(12).ToArray());
        Assert.Equal(0, (await client.ReadReplyAsync()).Error);
        Assert.Equal([0, 0, 0, 1, 4], (await client.ReadReplyAsync()).Body.ToArray()[..5]);
    }

    [Theory, EachServer]
    public async Task A_thousand_connections_that_wait_do_not_hold_up_the_others_and_are_closed_in_time(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, Sessionless);
        using var witness = await Witness.OpenAsync(server);
        var request = WireClient.ConnectRequest();
        var crowd = new List<WireClient>();
        for (var i = 0; i < Crowd; i++)
        {
            var client = await WireClient.DialAsync(server.Port);
            crowd.Add(client);
            await client.SendInVainAsync(request.AsMemory(0, i % (request.Length - 1)));
            if (i % 10 == 0)
                await witness.CheckAsync();
        }

        foreach (var client in crowd)
        {
            Assert.Equal(0, await client.ReadToEndAsync());
            client.Dispose();
        }

        await witness.CheckAsync();
    }

    [Theory, EachServer]
    public Task The_session_of_a_client_that_says_nothing_more_expires_at_its_timeout(ServerKind kind) =>
        ExpiresAsync(kind, _ => true);

    [Theory, EachServer]
    public Task The_session_of_a_client_that_vanished_from_the_network_expires_at_its_timeout(ServerKind kind) =>
        ExpiresAsync(kind, client => client.TryVanish());

    private static async Task UntilClosedAsync(ServerProcess server, int said)
    {
        var clock = Stopwatch.StartNew();
        using var client = await WireClient.DialAsync(server.Port);
        await client.SendAsync(WireClient.ConnectRequest().AsMemory(0, said));

        Assert.Equal(0, await client.ReadToEndAsync());

        // Timers may be a little early by another clock than theirs.
        Assert.InRange(clock.ElapsedMilliseconds, SessionlessMs - 100, long.MaxValue);
    }

    private static async Task ExpiresAsync(ServerKind kind, Func<WireClient, bool> leave)
    {
        await using var server = await ServerProcess.StartAsync(kind, "tickTime=250", "minSessionTimeout=500");
        using var witness = await Witness.OpenAsync(server);
        using var client = await WireClient.OpenAsync(server.Port, timeout: 1000);
        using var stays = await WireClient.OpenAsync(server.Port, timeout: 1000);
        Assert.Equal(0, (await stays.CreateAsync("/stays", [], flags: 1)).Error);
        Assert.Equal(0, (await client.CreateAsync("/goes", [], flags: 1)).Error);
        var clock = Stopwatch.StartNew();
        if (!leave(client))
            Assert.Skip("closing a socket without a word needs CAP_NET_ADMIN");

        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(60),
            "/goes is gone",
            async () =>
            {
                Assert.Equal(0, (await stays.PingAsync()).Error);
                return await witness.Session.GetAsync("/goes") is null;
            },
            () => server.Output);

        Assert.InRange(clock.ElapsedMilliseconds, client.Timeout - 200, long.MaxValue);
        Assert.True(await stays.ExistsAsync("/stays"));
        await witness.CheckAsync();
    }

    private static async Task DripAsync(WireClient client, byte[] bytes)
    {
        foreach (var one in bytes)
            await client.SendAsync(new[] { one });
    }
}
