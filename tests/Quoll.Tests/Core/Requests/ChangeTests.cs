using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>delete, setData, setACL: their checks in order, and what they do to stats.</summary>
public sealed class ChangeTests
{
    private static readonly AclLine ReadOnly = new(1, "world", "anyone");
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public ChangeTests() => _client = _driver.Connect();

    [Theory]
    [InlineData("/")]
    [InlineData("/zookeeper")]
    [InlineData("/zookeeper/quota")]
    [InlineData("/zookeeper/config")]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a\0")]
    public void Some_paths_can_never_be_deleted(string path) => Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.Delete(path)));

    [Fact]
    public void Delete_checks_parent_permission_existence_version_and_children_in_this_order()
    {
        _client.Do(Ask.Create("/p"));
        _client.Do(Ask.Create("/p/a"));
        _client.Do(Ask.Create("/p/a/b"));
        _client.Do(Ask.Create("/closed"));
        _client.Do(Ask.Create("/closed/a"));
        _client.Do(Ask.SetAcl("/closed", -1, ReadOnly));

        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Delete("/none/a")));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.Delete("/closed/none")));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Delete("/p/none")));
        Assert.Equal(ErrorCode.BadVersion, _client.ErrorOf(Ask.Delete("/p/a", 5)));
        Assert.Equal(ErrorCode.NotEmpty, _client.ErrorOf(Ask.Delete("/p/a", 0)));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Delete("/p/a/")));
        _client.Do(Ask.Delete("/p/a/b", 0));
        Assert.Empty(_client.Do(Ask.Delete("/p/a")).Body);
    }

    [Fact]
    public void A_reconfig_is_refused_and_one_cut_short_is_no_request()
    {
        var body = new Bytes().Int(-1).Int(-1).Int(-1).Long(-1).ToArray();

        Assert.Equal(ErrorCode.ReconfigDisabled, _client.ErrorOf(new Ask(OpCode.Reconfig, body)));
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(new Ask(OpCode.Reconfig, body[..^1])));
    }

    [Fact]
    public void SetData_checks_path_existence_permission_and_version_in_this_order()
    {
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, ReadOnly));
        _client.Do(Ask.Create("/a"));

        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.SetData("", "x")));
        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.SetData("/none/", "x")));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.SetData("/none", "x")));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.SetData("/closed", "x", 5)));
        Assert.Equal(ErrorCode.BadVersion, _client.ErrorOf(Ask.SetData("/a", "x", 5)));
    }

    [Fact]
    public void SetAcl_checks_path_list_existence_permission_and_version_in_this_order()
    {
        var bad = new AclLine(31, "no", "such");
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, ReadOnly));
        _client.Do(Ask.Create("/a"));

        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.SetAcl("", -1, bad)));
        Assert.Equal(ErrorCode.InvalidAcl, _client.ErrorOf(Ask.SetAcl("/none", -1, bad)));
        Assert.Equal(ErrorCode.InvalidAcl, _client.ErrorOf(Ask.SetAcl("/none")));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.SetAcl("/none", -1, ReadOnly)));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.SetAcl("/closed", 5, AclLine.Open)));
        Assert.Equal(ErrorCode.BadVersion, _client.ErrorOf(Ask.SetAcl("/a", 5, AclLine.Open)));
    }

    [Fact]
    public void Each_change_moves_just_its_part_of_the_stats()
    {
        var made = _client.Do(Ask.Create("/p", "data"));
        var (then, zxid) = (_driver.WallClock, made.Zxid);
        _driver.Pass(1_000);
        var now = _driver.WallClock;

        var set = _client.Do(Ask.SetData("/p", "longer data", 0));
        Assert.Equal(new StatSeen(zxid, set.Zxid, then, now, 1, 0, 0, 0, 11, 0, zxid), set.Read().Stat());

        var acl = _client.Do(Ask.SetAcl("/p", 0, AclLine.Open, ReadOnly));
        Assert.Equal(new StatSeen(zxid, set.Zxid, then, now, 1, 0, 1, 0, 11, 0, zxid), acl.Read().Stat());

        var child = _client.Do(Ask.Create("/p/c"));
        Assert.Equal(new StatSeen(zxid, set.Zxid, then, now, 1, 1, 1, 0, 11, 1, child.Zxid), _client.StatOf("/p"));

        _client.Do(Ask.SetData("/p/c", "x"));
        _client.Do(Ask.SetAcl("/p/c", -1, ReadOnly));
        Assert.Equal(new StatSeen(zxid, set.Zxid, then, now, 1, 1, 1, 0, 11, 1, child.Zxid), _client.StatOf("/p"));

        var deleted = _client.Do(Ask.Delete("/p/c"));
        Assert.Equal(new StatSeen(zxid, set.Zxid, then, now, 1, 2, 1, 0, 11, 0, deleted.Zxid), _client.StatOf("/p"));
    }

    [Fact]
    public void A_fresh_tree_looks_like_Apaches()
    {
        Assert.Equal(new StatSeen(0, 0, 0, 0, 0, -1, 0, 0, 0, 1, 0), _client.StatOf("/"));
        Assert.Equal(new StatSeen(0, 0, 0, 0, 0, -2, 0, 0, 0, 2, 0), _client.StatOf("/zookeeper"));
        Assert.Equal(-1, _client.StatOf("/zookeeper/config").Aversion);
        Assert.Equal("", _client.DataOf("/"));
        Assert.Equal(3, _client.Do(Ask.GetAllChildrenNumber("/")).Read().Int());
        Assert.Equal(5, _driver.Peer.Introspection.ZnodeCount);
        Assert.Equal(44, _driver.Peer.Introspection.ApproximateDataSize);
    }

    [Fact]
    public void The_root_can_be_changed_under_its_name_and_read_under_both()
    {
        _client.Do(Ask.SetData("/", "root"));
        _client.Do(Ask.SetAcl("/", 0, AclLine.Open, ReadOnly));

        Assert.Equal("root", _client.DataOf(""));
        Assert.Equal(_client.StatOf("/"), _client.StatOf(""));
        Assert.Equal(2, _client.Do(Ask.GetAcl("")).Read().Acl().Length);
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(_driver.Peer.Introspection.Digest, _driver.Replay().Digest);
    }

    [Fact]
    public void Requests_that_no_client_may_make_are_answered_and_the_connection_closed()
    {
        OpCode[] unknown =
        [
            OpCode.Notification, OpCode.Error, OpCode.Check, OpCode.CreateSession, OpCode.DeleteContainer, (OpCode)10, (OpCode)55,
        ];
        foreach (var op in unknown)
        {
            var client = _driver.Connect();

            var reply = client.Call(new Ask(op, Ask.Delete("/none").Body));

            Assert.Equal(ErrorCode.Unimplemented, reply.Error);
            Assert.Equal(-1, reply.Zxid);
            Assert.True(client.IsClosed);
        }
    }

    [Fact]
    public void Without_room_on_the_disk_changes_are_refused_in_their_place_and_reads_go_on()
    {
        var first = _client.Send(Ask.Create("/a"));
        var second = _client.Send(Ask.Exists("/a"));
        _driver.Peer.OnDiskRoom(false);
        var third = _client.Send(Ask.Create("/b"));
        var fourth = _client.Send(Ask.Exists("/b"));

        _driver.SyncAll();

        Assert.Equal([first, second, third, fourth], _client.Replies.Select(reply => reply.Xid));
        Assert.Equal(
            [ErrorCode.Ok, ErrorCode.Ok, ErrorCode.SystemError, ErrorCode.NoNode], _client.Replies.Select(reply => reply.Error));
        Assert.Equal(ErrorCode.SystemError, _client.ErrorOf(Ask.Create("/c")));

        _driver.Peer.OnDiskRoom(true);
        _client.Do(Ask.Create("/c"));
    }
}
