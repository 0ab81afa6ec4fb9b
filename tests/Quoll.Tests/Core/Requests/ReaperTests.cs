using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

public sealed class ReaperTests
{
    private readonly PeerDriver _driver = new(new PeerOptions { ExtendedTypesEnabled = true });
    private readonly TestClient _client;

    public ReaperTests() => _client = _driver.Connect();

    [Fact]
    public void A_container_goes_once_its_last_child_is_gone()
    {
        _client.Do(Ask.CreateContainer("/used"));
        _client.Do(Ask.Create("/used/child"));
        _client.Do(Ask.CreateContainer("/fresh"));
        _client.Do(Ask.Exists("/used", watch: true));
        PassAndPing(61_000);
        Assert.True(_client.Sees("/used"));

        _client.Do(Ask.Delete("/used/child"));
        PassAndPing(61_000);

        Assert.False(_client.Sees("/used"));
        Assert.True(_client.Sees("/fresh"));
        Assert.Equal([new Seen(EventType.NodeDeleted, "/used")], _client.Events);
    }

    [Fact]
    public void A_container_never_used_goes_only_where_that_is_wished()
    {
        var driver = new PeerDriver(new PeerOptions { ContainerMaxNeverUsed = 100_000 });
        driver.Connect().Do(Ask.CreateContainer("/c"));
        driver.Pass(61_000);
        driver.SyncAll();
        Assert.Equal(6, driver.Peer.Introspection.ZnodeCount);

        driver.Pass(60_000);
        driver.SyncAll();
        Assert.Equal(5, driver.Peer.Introspection.ZnodeCount);
    }

    [Fact]
    public void A_TTL_node_goes_when_its_time_is_over_unless_it_was_written_or_has_children()
    {
        foreach (var path in new[] { "/idle", "/written", "/parent" })
            _client.Do(Ask.CreateTtl(path, 30_000));
        _client.Do(Ask.Create("/parent/child"));
        PassAndPing(45_000);
        _client.Do(Ask.SetData("/written", "again"));
        PassAndPing(16_000);

        Assert.Equal(["parent", "written", "zookeeper"], _client.ChildrenOf("/"));
    }

    [Fact]
    public void What_changed_while_its_removal_waited_stays()
    {
        _client.Do(Ask.CreateTtl("/written", 1_000));
        _client.Do(Ask.CreateTtl("/parent", 1_000));
        _client.Do(Ask.CreateTtl("/gone", 1_000));
        PassAndPing(59_750);
        _client.Send(Ask.SetData("/written", "x"));
        _client.Send(Ask.Create("/parent/child"));
        _client.Send(Ask.Delete("/gone"));
        _driver.Pass(500);

        _driver.SyncAll();

        Assert.Equal(["parent", "written", "zookeeper"], _client.ChildrenOf("/"));
    }

    [Fact]
    public void A_new_container_in_the_place_of_one_to_be_removed_stays()
    {
        _client.Do(Ask.CreateContainer("/c"));
        _client.Do(Ask.Create("/c/child"));
        _client.Do(Ask.Delete("/c/child"));
        PassAndPing(59_750);
        _client.Send(Ask.Delete("/c"));
        _client.Send(Ask.CreateContainer("/c"));
        _driver.Pass(500);

        _driver.SyncAll();

        Assert.True(_client.Sees("/c"));
    }

    [Fact]
    public void Removals_are_spread_over_time()
    {
        var driver = new PeerDriver(new PeerOptions { ExtendedTypesEnabled = true, ContainerMaxPerMinute = 60 });
        var client = driver.Connect();
        for (var i = 0; i < 20; i++)
            client.Do(Ask.CreateTtl($"/t{i}", 1_000));
        driver.Pass(60_000);
        driver.SyncAll();
        var left = driver.Peer.Introspection.ZnodeCount;
        Assert.InRange(left, 5 + 18, 5 + 20);

        driver.Pass(5_000);
        driver.SyncAll();
        Assert.Equal(left - 5, driver.Peer.Introspection.ZnodeCount);
    }

    private void PassAndPing(int milliseconds)
    {
        for (var left = milliseconds; left > 0; left -= 5_000)
        {
            _driver.Pass(Math.Min(left, 5_000));
            _client.Do(Ask.Ping);
        }
    }
}
