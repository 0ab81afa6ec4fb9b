using Quoll.Server.Config;

namespace Quoll.Tests.Server.Config;

public class KeyStandingTests : ConfigScratch
{
    [Theory]
    [InlineData("localSessionsUpgradingEnabled=true")]
    [InlineData("nio.numWorkerThreads=9")]
    [InlineData("jvm.pause.info-threshold.ms=9")]
    [InlineData("ssl.quorum.keyStore.password=x")]
    [InlineData("server.principal=zookeeper/host")]
    [InlineData("flushDelay=5")]
    [InlineData("admin.enableServer=false")]
    [InlineData("audit.enable=FALSE")]
    [InlineData("authProvider.1=org.apache.zookeeper.server.auth.DigestAuthenticationProvider")]
    [InlineData("serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory")]
    [InlineData("standaloneEnabled=true")]
    public void What_asks_for_nothing_here_is_passed_over_in_silence(string line)
    {
        var result = ReadWith(line);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("admin.serverPort=8081", "no HTTP admin server is started")]
    [InlineData("reconfigEnabled=true", "every reconfig request is refused")]
    [InlineData("superUser.1=bob", "nobody can become this user")]
    [InlineData("metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider", "no metrics endpoint")]
    public void What_is_not_done_yet_is_a_warning_that_says_what_happens_instead(string line, string instead)
    {
        var warning = OnlyWarning(line);

        Assert.Equal((line.Split('=')[0], 3), (warning.Key, warning.Line));
        Assert.Contains(instead, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secureClientPort=2281")]
    [InlineData("ssl.keyStore.location=/k")]
    [InlineData("zookeeper.sessionRequireClientSASLAuth=true")]
    [InlineData("authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider")]
    [InlineData("audit.enable=true")]
    [InlineData("sslQuorum=true")]
    [InlineData("quorum.auth.enableSasl=true")]
    [InlineData("watchManagerName=com.example.Watches")]
    public void What_cannot_be_passed_over_safely_is_an_error(string line)
    {
        var error = OnlyError(line);

        Assert.Equal(3, error.Line);
        Assert.Contains("is refused", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ticktime=1", "; did you mean tickTime?")]
    [InlineData("tikcTime=1", "; did you mean tickTime?")]
    [InlineData("autopurge.purgeIntervall=1", "; did you mean autopurge.purgeInterval?")]
    [InlineData("throttledOpWaitTime=1", "; did you mean throttled_op_wait_time?")]
    [InlineData("somethingElseEntirely=1", "no effect")]
    [InlineData("x=1", "no effect")]
    public void An_unknown_key_is_a_warning_with_the_nearest_name(string line, string ending) =>
        Assert.EndsWith(ending, OnlyWarning(line).Message, StringComparison.Ordinal);

    [Fact]
    public void A_very_long_unknown_key_costs_nothing() => OnlyWarning(new string('k', 500_000) + "=1");

    [Theory]
    [InlineData("snapCount=1", "2 is used")]
    [InlineData("autopurge.snapRetainCount=0", "3 is used")]
    public void A_count_that_Apache_raises_is_raised_with_a_warning(string line, string remark) =>
        Assert.Contains(remark, OnlyWarning(line).Message, StringComparison.Ordinal);

    [Fact]
    public void No_key_is_listed_twice() =>
        Assert.Empty(ConfigKeys.All.GroupBy(key => (key.Name, key.IsPrefix)).Where(same => same.Count() > 1).Select(same => same.Key.Name));

    [Fact]
    public void Every_key_is_in_the_operations_page_with_its_default_and_standing()
    {
        var rows = File.ReadLines(OperationsPage()).Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).ToArray();

        foreach (var key in ConfigKeys.All)
        {
            var name = $"`{key.Name}{(key.IsPrefix ? "*" : "")}`";
            var row = Assert.Single(rows, cells => cells[0].Split(", ").Contains(name));
            Assert.Equal($"{name} {key.Standing.ToString().ToLowerInvariant()}", $"{name} {row[^1]}");
            if (key.Default is { } text)
                Assert.Equal($"{name} {(text.Length == 0 ? "empty" : $"`{text}`")}", $"{name} {row[1]}");
        }
    }

    private static string OperationsPage()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "Quoll.slnx")))
            at = Path.GetDirectoryName(at)!;
        return Path.Combine(at, "docs", "operations.md");
    }
}
