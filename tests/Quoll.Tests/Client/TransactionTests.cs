using Quoll.Client;
using Quoll.Protocol;
using Quoll.Testing;

namespace Quoll.Tests.Client;

public sealed class TransactionTests
{
    [Fact]
    public async Task ZOOKEEPER_4026_no_stat_is_asked_for_of_what_a_transaction_creates()
    {
        var token = TestContext.Current.CancellationToken;
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions(), token);
        await using var client = zk.CreateClient();

        var results = await client.CommitAsync(
            new Transaction().Create("/a").Set("/a", "x"u8.ToArray()).Create("/c", default, CreateMode.Container), token);

        Assert.Equal(["/a", "/a", "/c"], results.Select(result => result.Path));
        Assert.Equal([null, 1, 0], results.Select(result => result.Stat?.Version));
    }
}
