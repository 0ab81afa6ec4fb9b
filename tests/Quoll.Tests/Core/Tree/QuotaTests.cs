using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Tree;

public sealed class QuotaTests
{
    private readonly PeerDriver _driver = new(new PeerOptions { EnforceQuota = true });
    private readonly TestClient _client;

    public QuotaTests()
    {
        _client = _driver.Connect();
        _client.Do(Ask.Create("/q", "12345"));
    }

    [Fact]
    public void Usage_is_counted_at_once_and_kept_without_a_trace_in_the_stat()
    {
        _client.Do(Ask.Create("/q/a", "123"));
        SetQuota("/q", "count=100,bytes=-1");
        Assert.Equal("count=2,bytes=8", Usage("/q"));
        var stat = _client.StatOf("/zookeeper/quota/q/zookeeper_stats");
        _client.Do(Ask.GetData("/zookeeper/quota/q/zookeeper_stats", watch: true));

        _client.Do(Ask.Create("/q/b", "1"));
        _client.Do(Ask.SetData("/q/a", "1234567890"));
        _client.Do(Ask.SetData("/q/b", null));
        Assert.Equal("count=3,bytes=15", Usage("/q"));
        _client.Do(Ask.Delete("/q/a"));
        Assert.Equal("count=2,bytes=5", Usage("/q"));

        Assert.Equal(stat with { DataLength = 15 }, _client.StatOf("/zookeeper/quota/q/zookeeper_stats"));
        Assert.Empty(_client.Events);
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
    }

    [Fact]
    public void A_hard_limit_of_znodes_refuses_the_next()
    {
        SetQuota("/q", "count=-1,bytes=-1=;countHardLimit=2");
        _client.Do(Ask.Create("/q/a"));

        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.Create("/q/b")));
        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.Create("/q/a/b")));
        _client.Do(Ask.SetData("/q/a", "any length"));
        _client.Do(Ask.Delete("/q/a"));
        _client.Do(Ask.Create("/q/b"));
    }

    [Fact]
    public void A_hard_limit_of_bytes_refuses_growth_only()
    {
        SetQuota("/q", "count=-1,bytes=-1=;byteHardLimit=10");

        _client.Do(Ask.SetData("/q", "1234567890"));
        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.SetData("/q", "12345678901", 77)));
        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.Create("/q/a", "1")));
        _client.Do(Ask.Create("/q/a", ""));
        _client.Do(Ask.SetData("/q", "1"));
    }

    [Fact]
    public void A_soft_limit_is_only_told()
    {
        SetQuota("/q", "count=1,bytes=-1");

        _client.Do(Ask.Create("/q/a"));

        Assert.Contains(_driver.Notices, notice => notice.Kind == NoticeKind.QuotaExceeded);
    }

    [Fact]
    public void The_deepest_quota_counts_and_none_after_its_limits_are_gone()
    {
        _client.Do(Ask.Create("/q/in"));
        SetQuota("/q", "count=-1,bytes=-1=;countHardLimit=2");
        SetQuota("/q/in", "count=-1,bytes=-1=;countHardLimit=3");
        _client.Do(Ask.Create("/q/in/a"));
        _client.Do(Ask.Create("/q/in/b"));
        Assert.Equal("count=3,bytes=0", Usage("/q/in"));
        Assert.Equal("count=2,bytes=5", Usage("/q"));
        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.Create("/q/in/c")));

        _client.Do(Ask.Delete("/zookeeper/quota/q/in/zookeeper_limits"));
        Assert.Equal(ErrorCode.QuotaExceeded, _client.ErrorOf(Ask.Create("/q/in/c")));
        _client.Do(Ask.Delete("/zookeeper/quota/q/zookeeper_limits"));
        _client.Do(Ask.Create("/q/in/c"));
    }

    [Fact]
    public void Without_enforcement_limits_refuse_nothing_and_usage_is_kept()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        client.Do(Ask.Create("/q"));
        SetQuota(client, "/q", "count=-1,bytes=-1=;countHardLimit=1");

        client.Do(Ask.Create("/q/a"));

        Assert.Equal("count=2,bytes=0", client.DataOf("/zookeeper/quota/q/zookeeper_stats"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("count=")]
    [InlineData("count=99999999999999999999999,bytes=x")]
    [InlineData("=;=;,=,")]
    [InlineData("count=9223372036854775807,bytes=-9223372036854775808=;byteHardLimit=9223372036854775807;countHardLimit=0")]
    public void Whatever_clients_write_as_limits_and_usage_is_no_trouble(string text)
    {
        foreach (var path in new[] { "/q", "/zookeeper", "/zookeeper/quota/q", "" })
        {
            var at = "/zookeeper/quota";
            foreach (var name in path.Split('/').Skip(1))
                _client.Call(Ask.Create(at += "/" + name));
            _client.Do(Ask.Create(at + "/zookeeper_limits", text));
            _client.Do(Ask.Create(at + "/zookeeper_stats", text));
            _client.Do(Ask.SetData(at + "/zookeeper_stats", text));
        }

        _client.Call(Ask.Create("/q/a", "x"));
        _client.Call(Ask.SetData("/q", null));
        _client.Call(Ask.Delete("/q/a"));
        Assert.Equal(_driver.Peer.Introspection.Digest, _driver.Replay().Digest);
    }

    [Fact]
    public void Usage_is_the_same_after_a_restart()
    {
        SetQuota("/q", "count=-1,bytes=-1=;countHardLimit=3");
        _client.Do(Ask.Create("/q/a", "123"));

        var client = new PeerDriver(_driver.Options, _driver.Replay()).Connect();

        Assert.Equal("count=2,bytes=8", client.DataOf("/zookeeper/quota/q/zookeeper_stats"));
        client.Do(Ask.Create("/q/b"));
        Assert.Equal(ErrorCode.QuotaExceeded, client.ErrorOf(Ask.Create("/q/c")));
    }

    private string? Usage(string path) => _client.DataOf($"/zookeeper/quota{path}/zookeeper_stats");

    private void SetQuota(string path, string limits) => SetQuota(_client, path, limits);

    private static void SetQuota(TestClient client, string path, string limits)
    {
        var at = "/zookeeper/quota";
        foreach (var name in path.Split('/').Skip(1))
            client.Call(Ask.Create(at += "/" + name));
        client.Do(Ask.Create(at + "/zookeeper_limits", limits));
        client.Do(Ask.Create(at + "/zookeeper_stats", "count=0,bytes=0"));
    }
}
