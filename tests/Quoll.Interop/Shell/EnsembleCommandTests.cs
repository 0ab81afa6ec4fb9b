using Quoll.Interop.Ensembles;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Shell;

/// <summary>Commands about the servers that there are.</summary>
public sealed class EnsembleCommandTests(RecipeServers servers)
{
    private static readonly string[] Super = ["--auth", $"digest:super:{ServerProcess.SuperPassword}"];

    [Fact]
    public async Task A_server_of_Apaches_ensemble_is_taken_out_and_in_again()
    {
        await using var ensemble = await EnsembleRun.StartAsync(new EnsemblePlan(ServerKind.Apache, ServerKind.Apache, ServerKind.Apache)
        {
            Settings = ["reconfigEnabled=true"],
        });
        // One that is neither asked nor leads: whoever is taken out closes his connections.
        var leader = await ensemble.LeaderAsync();
        var server = ensemble.Servers.First(each => each != leader);
        var third = ensemble.NumberOf(server);
        var shell = new QuollShell(leader.Address + "/below/a/root/that/is/not/there");
        var before = await shell.DoAsync("config");
        var goes = before.Single(line => line.StartsWith($"server.{third}=", StringComparison.Ordinal));
        string[] without = [.. before[..3].Where(line => line != goes)];
        var joins = $"{goes};{server.Address}";
        var (code, printed) = await shell.RunAsync("reconfig", "-remove", $"{third}");
        Assert.Equal(1, code);
        Assert.StartsWith("Insufficient permission", printed[0], StringComparison.Ordinal);

        using var watch = shell.Start("config", "-w");
        await watch.ExpectAsync(before[^1]);
        printed = await shell.DoAsync(["reconfig", "-s", "-remove", $"{third}", .. Super]);
        Assert.Equal("Committed new configuration:", printed[0]);
        Assert.Equal(without, printed[1..3]);
        Assert.NotEqual(before[^1], printed[3]);
        Assert.Contains("numChildren = 0", printed);
        await watch.ExpectAsync(line => line.Contains("type:NodeDataChanged path:/zookeeper/config", StringComparison.Ordinal));

        // Whoever goes by what was before is refused.
        var version = before[^1]["version=".Length..];
        (code, printed) = await shell.RunAsync(["reconfig", "-v", version, "-add", joins, .. Super]);
        Assert.Equal(1, code);
        Assert.StartsWith("version No is not valid", printed[0], StringComparison.Ordinal);
        printed = await shell.DoAsync(["reconfig", "-add", joins, .. Super]);
        Assert.Equal(without.Append(joins).Order(StringComparer.Ordinal), printed[1..4]);
        Assert.Equal($"{printed[4]["version=".Length..]} {server.Address}", Assert.Single(await shell.DoAsync("config", "-c")));

        using var directory = new TempDirectory();
        var file = directory.File("members");
        await File.WriteAllLinesAsync(file, without, TestContext.Current.CancellationToken);
        printed = await shell.DoAsync(["reconfig", "-file", file, .. Super]);
        Assert.Equal(without, printed[1..3]);
        Assert.Equal(printed[1..], await shell.DoAsync("config"));
    }

    [Theory]
    [EachServer]
    public async Task Who_does_not_say_how_to_change_an_ensemble_is_told(ServerKind kind)
    {
        var shell = new QuollShell(await servers.AddressesAsync(kind));
        Assert.Equal(2, (await shell.RunAsync("reconfig")).Code);
        Assert.Equal(2, (await shell.RunAsync("reconfig", "-remove", "1", "-members", "server.1=a:1:2")).Code);
        Assert.Equal(2, (await shell.RunAsync("reconfig", "-remove", "one")).Code);
        var (code, printed) = await shell.RunAsync("reconfig", "-remove", "9");
        Assert.Equal(1, code);
        Assert.StartsWith("KeeperErrorCode = Reconfig is disabled (asked ", printed[0], StringComparison.Ordinal);
    }
}
