using System.Text.Json;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>Commands that look at the servers: status, top, sessions and bench.</summary>
public sealed class ServerCommandTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Servers_and_their_clients_are_shown(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind, "top"));
        var shell = new QuollShell(await servers.AddressesAsync(kind));
        var sessions = await shell.DoAsync("sessions");
        Assert.StartsWith("session ", sessions[0], StringComparison.Ordinal);
        Assert.Single(sessions, line => line.StartsWith($"0x{client.Session!.Id:x} ", StringComparison.Ordinal));
        var looks = await shell.DoAsync("top", "-n", "2", "--every", "0.1", "-o", "json");
        Assert.Equal(2, looks.Length);
        using var look = JsonDocument.Parse(looks[1]);
        var known = look.RootElement.GetProperty("servers").EnumerateArray().ToList();
        Assert.Equal(kind == ServerKind.Quoll ? 3 : 1, known.Count);
        Assert.All(known, server => Assert.True(server.GetProperty("requestsPerSecond").GetDouble() >= 0));
        Assert.Contains(
            look.RootElement.GetProperty("clients").EnumerateArray(),
            each => each.GetProperty("fields").TryGetProperty("sid", out var sid) && sid.GetString() == $"0x{client.Session!.Id:x}");
    }

    [Fact]
    public async Task A_server_that_does_not_tell_of_its_clients_is_named()
    {
        await using var server = await ServerProcess.StartAsync(ServerKind.Quoll, "4lw.commands.whitelist=srvr");
        var shell = new QuollShell(server.Address);
        var (code, printed) = await shell.RunAsync("sessions");
        Assert.Equal(1, code);
        Assert.Equal([$"{server.Address} does not tell of its clients: its 4lw.commands.whitelist must have cons."], printed);
        Assert.Equal("1 of 1 serve", (await shell.DoAsync("top", "-n", "1"))[0]);
    }

    [Theory]
    [EachServer]
    public async Task Load_is_measured_and_leaves_nothing_behind(ServerKind kind)
    {
        var shell = new QuollShell(await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "bench"));
        var printed = await shell.DoAsync(
            "bench", "--seconds", "1", "--sessions", "2", "--outstanding", "4", "--znodes", "50", "--size", "10", "-o", "json");
        Assert.Equal(["get", "set", "create", "mixed"], printed.Select(line => Parse(line).GetProperty("operation").GetString()));
        foreach (var line in printed)
        {
            var (throughput, latency) = (Parse(line).GetProperty("throughput"), Parse(line).GetProperty("latency"));
            Assert.True(throughput.GetProperty("perSecond").GetDouble() > 0, line);
            Assert.Equal(throughput.GetProperty("perSecond").GetDouble() / 2, latency.GetProperty("rate").GetDouble(), tolerance: 0.1);
            Assert.Equal(0, latency.GetProperty("failed").GetInt64());
            var microseconds = latency.GetProperty("microseconds");
            Assert.True(microseconds.GetProperty("p50").GetDouble() <= microseconds.GetProperty("p99.9").GetDouble(), line);
            Assert.True(microseconds.GetProperty("p99.9").GetDouble() <= microseconds.GetProperty("max").GetDouble(), line);
        }

        // Half a thousand at this rate, each counted once.
        printed = await shell.DoAsync("bench", "set", "--rate", "500", "--seconds", "1", "-o", "json");
        Assert.Equal(500, Parse(Assert.Single(printed)).GetProperty("latency").GetProperty("answered").GetInt64());
        Assert.Equal(["[]"], await shell.DoAsync("ls", "/"));
        Assert.Equal(2, (await shell.RunAsync("bench", "--sessions", "0")).Code);
        Assert.Equal(2, (await shell.RunAsync("bench", "sleep")).Code);
    }

    [Theory]
    [EachServer]
    public async Task Load_that_is_interrupted_leaves_nothing_behind(ServerKind kind)
    {
        var shell = new QuollShell(await servers.AddressesAsync(kind) + await servers.CreateRootAsync(kind, "bench"));
        using var bench = shell.Start("bench", "create", "--seconds", "1000", "--sessions", "2");
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "load", async () => (await shell.DoAsync("getAllChildrenNumber", "/"))[0].Length > 4);
        bench.Interrupt();
        Assert.Equal(130, await bench.EndAsync());
        Assert.Equal(["[]"], await shell.DoAsync("ls", "/"));
    }

    private static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
