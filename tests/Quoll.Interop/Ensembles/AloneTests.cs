using Quoll.Interop.Clients;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>What a server does by itself: sessions that it alone knows, and reads while it has lost the others.</summary>
public sealed class AloneTests
{
    private const ServerKind Apache = ServerKind.Apache;
    private const ServerKind Quoll = ServerKind.Quoll;
    private const int Ephemeral = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Apache's takes this setting from its machine alone, and serves sessions of its own only where those are enabled.
    private static readonly Dictionary<string, string> ReadOnlyMode =
        new() { ["JAVA_TOOL_OPTIONS"] = "-Dreadonlymode.enabled=true" };

    [Theory]
    [InlineData(Apache)]
    [InlineData(Quoll)]
    [Trait("server", "Apache, Quoll")]
    public async Task A_server_that_has_lost_the_others_serves_clients_that_only_read(ServerKind kind)
    {
        await using var ensemble = await EnsembleRun.StartAsync(new EnsemblePlan(kind, kind, kind)
        {
            Settings = ["readonlymode.enabled=true", "localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"],
            Environment = _ => ReadOnlyMode,
        });
        await ensemble.ExplainAsync(async () =>
        {
            var left = ensemble.Servers[0];
            using (var session = await RawSession.OpenAsync(left.EndPoint))
                Assert.Equal(0, (await session.CreateAsync("/kept", "kept")).Error);
            ensemble.Servers[1].Kill();
            ensemble.Servers[2].Kill();
            await Deadline.UntilAsync(Patience, "it only reads", async () => await AskAsync(left, "isro") == "ro", () => left.Output);
            Assert.Contains("Mode: read-only", await left.AskAsync("srvr"), StringComparison.Ordinal);
            Assert.Contains("zk_server_state\tread-only", await left.AskAsync("mntr"), StringComparison.Ordinal);
            using (var client = ClientProgram.Python("kazoo_read_only.py", left.Address))
                await client.FinishAsync();
            await Assert.ThrowsAnyAsync<IOException>(() => RawSession.OpenAsync(left.EndPoint));

            ensemble.Servers[1].Begin();
            await ensemble.AgreeAsync();
            Assert.Equal("rw", await left.AskAsync("isro"));
            using var writer = await RawSession.OpenAsync(left.EndPoint);
            Assert.Equal(0, (await writer.SetAsync("/kept", "changed", 0)).Error);
        });
    }

    [Theory]
    [InlineData(Apache, Quoll)]
    [InlineData(Quoll, Apache)]
    [Trait("server", "Apache, Quoll")]
    public async Task Sessions_that_one_server_alone_knows_write_through_either_kind_of_leader(ServerKind leads, ServerKind follows)
    {
        await using var ensemble = await EnsembleRun.StartAsync(new EnsemblePlan(follows, leads, leads)
        {
            Settings = ["localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"],
        });
        await ensemble.ExplainAsync(async () =>
        {
            await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            foreach (var server in ensemble.Servers)
            {
                var path = $"/{ensemble.NumberOf(server)}";
                using var session = await RawSession.OpenAsync(server.EndPoint);
                Assert.Equal(0, (await session.CreateAsync(path, "")).Error);
                Assert.Equal((1, 0), await SessionsAsync(server));
                Assert.Equal(0, (await session.CreateAsync($"{path}/mine", "", Ephemeral)).Error);
                Assert.Equal((0, 1), await SessionsAsync(server));
                foreach (var other in ensemble.Servers)
                {
                    using var reader = await RawSession.OpenAsync(other.EndPoint);
                    Assert.Equal(0, (await reader.SyncAsync()).Error);
                    Assert.NotNull(await reader.GetAsync($"{path}/mine"));
                    Assert.Equal(0, (await reader.CloseAsync()).Error);
                }

                Assert.Equal(0, (await session.CloseAsync()).Error);
            }

            await ensemble.AssertAllTheSameAsync();
            using var last = await RawSession.OpenAsync(ensemble.Servers[0].EndPoint);
            Assert.Equal(["1", "2", "3", "zookeeper"], (await last.ChildrenAsync("/")).Order());
            Assert.Empty(await last.ChildrenAsync("/1"));
        });
    }

    // Between two roles its port may be closed.
    private static async Task<string> AskAsync(ServerProcess server, string word)
    {
        try
        {
            return await server.AskAsync(word);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            return "";
        }
    }

    private static async Task<(int Local, int Global)> SessionsAsync(ServerProcess server)
    {
        var lines = (await server.AskAsync("mntr")).Split('\n').Select(line => line.Split('\t')).Where(line => line.Length == 2)
            .ToDictionary(line => line[0], line => line[1]);
        return (Number("zk_local_sessions"), Number("zk_global_sessions"));

        int Number(string key) => (int)double.Parse(lines[key], System.Globalization.CultureInfo.InvariantCulture);
    }
}
