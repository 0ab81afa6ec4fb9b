using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>A transaction that is longer than the largest frame could be written to the log, and never be read again.</summary>
public sealed class TransactionSizeTests
{
    private const int MaxTxn = 10_000;
    private readonly PeerDriver _driver = new(new PeerOptions { MaxTxn = MaxTxn });
    private readonly TestClient _client;

    public TransactionSizeTests()
    {
        _client = _driver.Connect();
        for (var i = 0; i < 100; i++)
            _client.Do(Ask.AddAuth("digest", $"user{i}:secret"));
    }

    [Fact]
    public void A_list_that_means_all_of_very_many_identities_is_refused_when_it_gets_too_large()
    {
        var list = Enumerable.Range(1, 31).Select(permissions => new AclLine(permissions, "auth", "")).ToArray();

        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(Ask.Create("/a", "", CreateMode.Persistent, list)));
        _client.Do(Ask.Create("/b"));
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(Ask.SetAcl("/b", -1, list)));
        Assert.Equal(0, _client.StatOf("/b").Aversion);
        AssertLogIsReadable();
    }

    [Fact]
    public void Many_such_creations_in_one_multi_are_refused_together()
    {
        var parts = Enumerable.Range(0, 20).Select(i => Ask.Create($"/a{i}", "", CreateMode.Persistent, new AclLine(31, "auth", "")));

        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(Ask.Multi([.. parts])));

        Assert.Equal(["zookeeper"], _client.ChildrenOf("/"));
        Assert.Equal(-1, _client.StatOf("/").Cversion);
        AssertLogIsReadable();
    }

    [Fact]
    public void A_connection_can_have_only_so_many_identities()
    {
        var refused = false;
        for (var i = 100; i < 5_000 && !refused; i++)
            refused = _client.ErrorOf(Ask.AddAuth("digest", $"user{i}:secret")) == ErrorCode.AuthFailed;

        Assert.True(refused);
        Assert.True(_client.IsClosed);
    }

    private void AssertLogIsReadable()
    {
        Assert.All(_driver.Log, logged => Assert.InRange(logged.Txn.Length, 1, MaxTxn));
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(_driver.Peer.Introspection.Digest, _driver.Replay().Digest);
    }
}
