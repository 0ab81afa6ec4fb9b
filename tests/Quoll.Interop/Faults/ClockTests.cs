using System.Diagnostics;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Faults;

/// <summary>Somebody sets the server's clock forward and back by an hour while it serves.</summary>
public sealed class ClockTests
{
    private const int Ephemeral = 1;
    private const int TimeoutMs = 1000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Settings =
        ["tickTime=250", "minSessionTimeout=500", "forceSync=no", "znode.container.checkIntervalMs=100"];

    [Theory, EachServer]
    public async Task Sessions_live_as_long_as_they_should_and_times_are_what_the_clock_says(ServerKind kind)
    {
        using var clock = await ServerClock.CreateAsync();
        await using var server = await ServerProcess.StartAsync(kind, clock.Variables(), Settings);
        using var alive = await WireClient.OpenAsync(server.Port, TimeoutMs);
        Assert.Equal(0, (await alive.CreateAsync("/alive", [], Ephemeral)).Error);
        Assert.Equal(0, (await alive.CreateAsync("/node", [])).Error);
        var last = await StateAsync(alive, "/node");
        clock.AssertIsNow(last.Created);
        foreach (var shift in (TimeSpan[])[Hour, -Hour, TimeSpan.Zero])
        {
            using var silent = await WireClient.OpenAsync(server.Port, TimeoutMs);
            Assert.Equal(0, (await silent.CreateAsync("/silent", [], Ephemeral)).Error);
            var since = Stopwatch.StartNew();
            clock.Set(shift);

            await UntilGoneAsync(alive, "/silent", server);
            Assert.InRange(since.ElapsedMilliseconds, silent.Timeout - 200, long.MaxValue);

            Assert.Equal(0, (await alive.CallAsync(5, body => body.String("/node").Buffer([1]).Int(-1))).Error);
            var state = await StateAsync(alive, "/node");
            clock.AssertIsNow(state.Modified);
            Assert.True(state.Mzxid > last.Mzxid);
            Assert.Equal(last.Created, state.Created);
            last = state;
        }

        Assert.True(await alive.ExistsAsync("/alive"));
    }

    [Fact]
    [Trait("server", "Quoll")]
    public async Task Nodes_with_a_time_to_live_go_by_the_clock_and_containers_do_not_care()
    {
        using var clock = await ServerClock.CreateAsync();
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, clock.Variables(), Settings);
        using var client = await WireClient.OpenAsync(server.Port, TimeoutMs);
        await CreateTtlAsync(client, "/half", TimeSpan.FromMinutes(30));
        await CreateTtlAsync(client, "/day", TimeSpan.FromDays(1));
        await ReapAsync(client, server);
        Assert.True(await client.ExistsAsync("/half"));

        clock.Set(Hour);
        await UntilGoneAsync(client, "/half", server);
        await CreateTtlAsync(client, "/second", TimeSpan.FromSeconds(1));

        // Its time seems not to have begun: it stays, and goes when the clock gets there.
        clock.Set(TimeSpan.Zero);
        await ReapAsync(client, server);
        Assert.True(await client.ExistsAsync("/second"));
        clock.Set(Hour + TimeSpan.FromMinutes(1));
        await UntilGoneAsync(client, "/second", server);
        Assert.True(await client.ExistsAsync("/day"));
    }

    // Whoever looks for containers has looked at all that there was before, too.
    private static async Task ReapAsync(WireClient client, ServerProcess server)
    {
        Assert.Equal(0, (await client.CallAsync(19, body => body.String("/box").Buffer([]).OpenAcl().Int(4))).Error);
        Assert.Equal(0, (await client.CreateAsync("/box/child", [])).Error);
        Assert.Equal(0, (await client.CallAsync(2, body => body.String("/box/child").Int(-1))).Error);
        await UntilGoneAsync(client, "/box", server);
    }

    private static async Task CreateTtlAsync(WireClient client, string path, TimeSpan ttl) => Assert.Equal(
        0, (await client.CallAsync(21, body => body.String(path).Buffer([]).OpenAcl().Int(5).Long((long)ttl.TotalMilliseconds))).Error);

    private static Task UntilGoneAsync(WireClient client, string path, ServerProcess server) => Deadline.UntilAsync(
        Patience, $"{path} is gone", async () => !await client.ExistsAsync(path), () => server.Output);

    private static async Task<(long Mzxid, long Created, long Modified)> StateAsync(WireClient client, string path)
    {
        var reply = await client.CallAsync(3, body => body.String(path).Bool(false));
        Assert.Equal(0, reply.Error);
        return Read(reply.Body.Span);

        static (long, long, long) Read(ReadOnlySpan<byte> body)
        {
            var parser = new JuteParser(body);
            parser.Long();
            return (parser.Long(), parser.Long(), parser.Long());
        }
    }
}
