using Quoll.Interop.Crash;
using Quoll.Interop.Ensembles;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>The files that servers of both kinds leave behind.</summary>
public sealed class FileCommandTests
{
    [Theory]
    [EachServer]
    public async Task Logs_and_snapshots_are_listed_compared_and_damage_is_told_with_its_place(ServerKind kind)
    {
        await using var server = await ServerProcess.StartAsync(kind, "snapCount=10");
        var shell = new QuollShell(server.Address);
        await shell.DoAsync("create", "/a", "12345");
        await shell.DoAsync("set", "/a", "123");
        await shell.DoAsync("multi", "create /b x", "delete /b");

        // Until it has written down what there is, which is when it likes.
        while (Directory.GetFiles(server.VersionDirectory, "snapshot.*").Length < 2)
            await shell.DoAsync("sync", "/a");
        await server.StopAsync();
        var (printed, whole) = (new List<string>(), 0);
        foreach (var log in Directory.GetFiles(server.VersionDirectory, "log.*"))
        {
            printed.AddRange(await shell.DoAsync("log", log));
            whole += int.Parse((await shell.DoAsync("log", "--verify", log))[0].Split(' ')[0]);
            Assert.Matches("^[0-9]+ transactions were compared, .*; 0 differ[.]$", (await shell.DoAsync("log", log, "--compare", log))[0]);
        }

        Assert.Equal(printed.Count, whole);
        Assert.Single(printed, line => line.EndsWith(" create /a (5 bytes)", StringComparison.Ordinal));
        Assert.Single(printed, line => line.EndsWith(" set /a (3 bytes, version 1)", StringComparison.Ordinal));
        Assert.Single(printed, line => line.EndsWith(" all of: create /b (1 bytes); delete /b", StringComparison.Ordinal));

        var snapshots = Directory.GetFiles(server.VersionDirectory, "snapshot.*").OrderBy(File.GetLastWriteTimeUtc).ToArray();
        var (first, last) = (snapshots[0], snapshots[^1]);
        var znodes = await shell.DoAsync("snapshot", last);
        Assert.Contains(znodes, line => line.StartsWith("/a (3 bytes, version 1, ", StringComparison.Ordinal));
        Assert.Matches("^[0-9]+ znodes, 3 bytes of data, ", (await shell.DoAsync("snapshot", "--verify", last))[0]);
        var (code, differences) = await shell.RunAsync("snapshot", first, "--compare", last);
        Assert.Equal(1, code);
        Assert.Contains("+ /a", differences);
        Assert.Empty(await shell.DoAsync("snapshot", last, "--compare", last));

        var bytes = await File.ReadAllBytesAsync(last, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 0xff;
        await File.WriteAllBytesAsync(last, bytes, TestContext.Current.CancellationToken);
        (code, var damage) = await shell.RunAsync("snapshot", "--verify", last);
        Assert.Equal(1, code);
        Assert.Matches("offset [0-9]+", damage[0]);
    }

    [Theory]
    [EachServer]
    public async Task Servers_of_both_kinds_log_the_same_under_a_leader_of_each(ServerKind leads)
    {
        var other = leads == ServerKind.Quoll ? ServerKind.Apache : ServerKind.Quoll;
        await using var ensemble = await EnsembleRun.StartAsync([other, leads, leads]);
        await ensemble.ExplainAsync(async () =>
        {
            await ensemble.MakeLeadAsync(ensemble.Servers[2]);
            var shell = new QuollShell(ensemble.Addresses);
            await shell.DoAsync("create", "-c", "/container");
            await shell.DoAsync("create", "-e", "-s", "/container/member-", "x");
            await shell.DoAsync("multi", "create /a one", "set /a two", "delete /container");
            await shell.DoAsync("setAcl", "/a", "world:anyone:r");
            using (var session = await RawSession.OpenAsync(ensemble.Servers[2].EndPoint))
                Assert.Equal(0, (await session.CreateBothAsync("/one", "/two")).Error);
            await ensemble.AssertAllTheSameAsync();
            foreach (var server in ensemble.Servers)
                server.Kill();
            var logs = ensemble.Servers.Select(server => Directory.GetFiles(server.VersionDirectory, "log.*").Order().Last()).ToArray();
            foreach (var log in logs[1..])
            {
                var told = await shell.DoAsync("log", logs[0], "--compare", log);
                Assert.Matches("^[0-9]+ transactions were compared, .*; 0 differ[.]$", told[0]);
            }
        });
    }
}
