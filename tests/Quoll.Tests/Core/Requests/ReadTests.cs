using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

public sealed class ReadTests
{
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public ReadTests() => _client = _driver.Connect();

    public static TheoryData<OpCode> PathReads =>
    [
        OpCode.Exists, OpCode.GetData, OpCode.GetChildren, OpCode.GetChildren2, OpCode.GetAcl, OpCode.GetAllChildrenNumber,
    ];

    [Theory]
    [MemberData(nameof(PathReads))]
    public void A_read_of_what_is_not_there_or_not_allowed_says_so(OpCode op)
    {
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, new AclLine(31, "digest", "no:body")));

        foreach (var path in new[] { "/none", "/zookeeper/", "zookeeper", "//", "/zookeeper//quota", " " })
            Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Exists(path) with { Op = op }));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.Exists("/closed") with { Op = op }));
        Assert.Equal(ErrorCode.Ok, _client.ErrorOf(Ask.Exists("") with { Op = op }));
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(new Ask(op, new Bytes().Int(-1).Bool(false).ToArray())));
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(new Ask(op, new Bytes().Int(100).ToArray())));
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(new Ask(op, new Bytes().Int(-7).ToArray())));
    }

    [Fact]
    public void Exists_refuses_a_NUL_and_other_reads_find_nothing()
    {
        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.Exists("/a\0")));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.GetData("/a\0")));

        var whole = Ask.Exists("/a\0");
        Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(whole with { Body = whole.Body[..^1] }));
    }

    [Fact]
    public void A_read_waits_for_changes_of_its_own_connection_only()
    {
        var other = _driver.Connect();
        var create = _client.Send(Ask.Create("/a"));
        var read = _client.Send(Ask.Exists("/a"));
        var ping = _client.Send(Ask.Ping);

        other.Send(Ask.Exists("/a"));
        Assert.Equal(ErrorCode.NoNode, Assert.Single(other.Replies).Error);
        Assert.Empty(_client.Heard);

        _driver.SyncAll();
        Assert.Equal([create, read, ReservedXid.Ping], _client.Replies.Select(reply => reply.Xid));
        Assert.NotEqual(ReservedXid.Ping, ping);
    }

    [Fact]
    public void A_read_between_two_changes_sees_the_first_and_not_the_second()
    {
        _client.Send(Ask.Create("/a", "one"));
        _client.Send(Ask.GetData("/a"));
        _client.Send(Ask.SetData("/a", "two"));
        _client.Send(Ask.GetData("/a"));

        _driver.SyncAll();

        Assert.Equal("one"u8.ToArray(), _client.Replies[1].Read().Buffer());
        Assert.Equal("two"u8.ToArray(), _client.Replies[3].Read().Buffer());
    }

    [Fact]
    public void Replies_to_reads_carry_the_last_zxid_and_fail_without_a_body()
    {
        _client.Do(Ask.Create("/a"));
        var last = _driver.Peer.LastProcessed.Value;

        var failed = _client.Call(Ask.GetData("/none"));

        Assert.Equal(last, failed.Zxid);
        Assert.Empty(failed.Body);
        Assert.Equal(last, _client.Do(Ask.GetData("/a")).Zxid);
        Assert.Equal(last, _client.Do(Ask.Sync("/nowhere")).Zxid);
        Assert.Equal("/nowhere", _client.Do(Ask.Sync("/nowhere")).Read().String());
        Assert.Equal(last, _driver.Peer.LastProcessed.Value);
    }

    [Fact]
    public void Requests_queued_behind_a_change_keep_the_identities_they_came_with()
    {
        _client.Do(Ask.Create("/bobs", "", CreateMode.Persistent, new AclLine(31, "digest", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=")));
        _client.Send(Ask.Create("/x"));
        var before = _client.Send(Ask.GetData("/bobs"));
        var auth = _client.Send(Ask.AddAuth("digest", "bob:secret"), xid: -4);
        var after = _client.Send(Ask.GetData("/bobs"));
        Assert.Equal((auth, 0), (Assert.Single(_client.Replies).Xid, _client.Replies[0].Zxid));

        _driver.SyncAll();

        Assert.Equal(ErrorCode.NoAuth, Assert.Single(_client.Replies, reply => reply.Xid == before).Error);
        Assert.Equal(ErrorCode.Ok, Assert.Single(_client.Replies, reply => reply.Xid == after).Error);
    }

    [Fact]
    public void GetEphemerals_tells_the_sessions_own_that_begin_with_the_prefix()
    {
        var other = _driver.Connect();
        _client.Do(Ask.Create("/p"));
        foreach (var path in new[] { "/p/a", "/p/ab", "/q" })
            _client.Do(Ask.Create(path, "", CreateMode.Ephemeral));
        other.Do(Ask.Create("/p/other", "", CreateMode.Ephemeral));

        Assert.Equal(["/p/a", "/p/ab"], Ephemerals("/p/a"));
        Assert.Equal(["/p/a", "/p/ab", "/q"], Ephemerals("/"));
        Assert.Equal(["/p/a", "/p/ab", "/q"], Ephemerals("  "));
        Assert.Equal(["/p/a", "/p/ab", "/q"], Ephemerals("\0"));
        Assert.Equal(["/p/a", "/p/ab", "/q"], Ephemerals("\u001f/\u0001"));
        Assert.Empty(Ephemerals("p"));

        string[] Ephemerals(string prefix) => [.. _client.Do(Ask.GetEphemerals(prefix)).Read().Strings().Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void GetAllChildrenNumber_counts_all_descendants()
    {
        _client.Do(Ask.Multi(Ask.Create("/a"), Ask.Create("/a/b"), Ask.Create("/a/b/c"), Ask.Create("/a/d"), Ask.Create("/ab")));

        Assert.Equal(3, _client.Do(Ask.GetAllChildrenNumber("/a")).Read().Int());
        Assert.Equal(0, _client.Do(Ask.GetAllChildrenNumber("/ab")).Read().Int());
        Assert.Equal(8, _client.Do(Ask.GetAllChildrenNumber("/")).Read().Int());
    }

    [Fact]
    public void A_header_that_is_cut_short_closes_the_connection()
    {
        _client.SendFrame([0, 0, 0, 1, 0, 0, 0]);

        Assert.True(_client.IsClosed);
        Assert.Empty(_client.Heard);
    }

    [Fact]
    public void Very_deep_paths_are_no_trouble()
    {
        var path = "";
        for (var i = 0; i < 3_000; i++)
            _client.Send(Ask.Create(path += "/d"));
        _driver.SyncAll();
        _client.Do(Ask.SetData(path, "deep"));
        _client.Do(Ask.AddWatch("/", 1));

        Assert.Equal("deep", _client.DataOf(path));
        Assert.Equal(2_999, _client.Do(Ask.GetAllChildrenNumber("/d")).Read().Int());
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.GetData(string.Concat(Enumerable.Repeat("/d", 400_000)))));
        _client.Do(Ask.SetData(path, "deeper"));
        Assert.Equal([new Seen(EventType.NodeDataChanged, path)], _client.Events);
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
    }
}
