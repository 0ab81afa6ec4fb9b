using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

public sealed class AclMemoryTests
{
    private readonly RecoveredState _state = new(new PeerOptions());
    private readonly PeerDriver _driver;
    private readonly TestClient _client;

    public AclMemoryTests()
    {
        _driver = new PeerDriver(new PeerOptions(), _state);
        _client = _driver.Connect();
    }

    private int Lists => _state.Database.Tree.Acls.All().Count();

    [Fact]
    public void A_refused_request_leaves_no_list_behind()
    {
        var before = Lists;

        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Create("/none/a", "", CreateMode.Persistent, List(1))));
        Assert.Equal(ErrorCode.NodeExists, _client.ErrorOf(Ask.Create("/zookeeper", "", CreateMode.Persistent, List(2))));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.SetAcl("/none", -1, List(3))));
        Assert.Equal(ErrorCode.BadVersion, _client.ErrorOf(Ask.SetAcl("/", 7, List(4))));
        _client.Do(Ask.Multi(
            Ask.Create("/a", "", CreateMode.Persistent, List(5)), Ask.Create("/none/a", "", CreateMode.Persistent, List(6))));

        Assert.Equal(before, Lists);
    }

    [Fact]
    public void A_list_lives_as_long_as_a_znode_has_it()
    {
        var before = Lists;
        _client.Do(Ask.Create("/a", "", CreateMode.Persistent, List(1)));
        _client.Do(Ask.Create("/b", "", CreateMode.Persistent, List(1)));
        Assert.Equal(before + 1, Lists);

        _client.Do(Ask.SetAcl("/a", -1, List(2)));
        Assert.Equal(before + 2, Lists);
        _client.Do(Ask.Delete("/b"));
        Assert.Equal(before + 1, Lists);
        _client.Do(Ask.Delete("/a"));
        Assert.Equal(before, Lists);
    }

    [Fact]
    public void A_multi_that_is_rolled_back_leaves_lists_and_znodes_as_they_were()
    {
        _client.Do(Ask.Create("/a", "", CreateMode.Persistent, List(1)));
        var before = Lists;

        for (var i = 0; i < 3; i++)
        {
            _client.Send(Ask.Multi(
                Ask.Create("/b", "", CreateMode.Persistent, List(2)), Ask.Delete("/b"),
                Ask.Create("/b", "", CreateMode.Persistent, List(3)),
                Ask.Delete("/a"), Ask.Create("/a", "", CreateMode.Persistent, List(4)), Ask.Check("/a", 99)));
        }

        _client.Do(Ask.SetAcl("/zookeeper", 0, AclLine.Open));

        Assert.Equal(before, Lists);
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(["user1:hash", "anyone"], NamesIn("/a"));
    }

    private static AclLine[] List(int user) => [new AclLine(31, "digest", $"user{user}:hash"), AclLine.Open];

    private string[] NamesIn(string path) => [.. _client.Do(Ask.GetAcl(path)).Read().Acl().Select(line => line.Id!)];
}
