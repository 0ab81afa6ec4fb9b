using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

public sealed class CreateTests
{
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public CreateTests() => _client = _driver.Connect();

    public static TheoryData<string, CreateMode, ErrorCode> Paths => new()
    {
        { "/a", CreateMode.Persistent, ErrorCode.Ok },
        { "/a/", CreateMode.PersistentSequential, ErrorCode.NoNode },
        { "/zookeeper/", CreateMode.PersistentSequential, ErrorCode.Ok },
        { "/", CreateMode.Persistent, ErrorCode.NodeExists },
        { "/", CreateMode.PersistentSequential, ErrorCode.Ok },
        { "", CreateMode.Persistent, ErrorCode.BadArguments },
        { "a", CreateMode.Persistent, ErrorCode.BadArguments },
        { "a/b", CreateMode.Persistent, ErrorCode.NoNode },
        { "/zookeeper/", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a//b", CreateMode.Persistent, ErrorCode.NoNode },
        { "//b", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/.", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/..", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/...", CreateMode.Persistent, ErrorCode.Ok },
        { "/.x", CreateMode.Persistent, ErrorCode.Ok },
        { "/a\0b", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a\u0001b", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a\u007fb", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a\u009fb", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a\u00a0b", CreateMode.Persistent, ErrorCode.Ok },
        { "/a\uf8ffb", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/a\uffefb", CreateMode.Persistent, ErrorCode.Ok },
        { "/a\ufffdb", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/\U0001F600", CreateMode.Persistent, ErrorCode.BadArguments },
        { "/\u00e4\u65e5", CreateMode.Persistent, ErrorCode.Ok },
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public void Paths_are_checked_as_by_Apaches_server(string path, CreateMode mode, ErrorCode expected) =>
        Assert.Equal(expected, _client.ErrorOf(Ask.Create(path, "", mode)));

    [Fact]
    public void The_first_check_that_fails_wins()
    {
        var readOnly = new AclLine(1, "world", "anyone");
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, readOnly));
        _client.Do(Ask.Create("/e", "", CreateMode.Ephemeral));
        _client.Do(Ask.Create("/f", "", CreateMode.Ephemeral));

        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.Create("bad", "", (CreateMode)9, new AclLine(31, "no", "such"))));
        Assert.Equal(ErrorCode.Unimplemented, _client.ErrorOf(Ask.CreateTtl("bad", -5)));
        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.Create("bad", "", CreateMode.Persistent, new AclLine(31, "no", "such"))));
        Assert.Equal(
            ErrorCode.InvalidAcl, _client.ErrorOf(Ask.Create("/none/a", "", CreateMode.Persistent, new AclLine(31, "no", "such"))));
        Assert.Equal(ErrorCode.NoNode, _client.ErrorOf(Ask.Create("/none/..")));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.Create("/closed/..")));
        Assert.Equal(ErrorCode.NoChildrenForEphemerals, _client.ErrorOf(Ask.Create("/e/a")));
        Assert.Equal(ErrorCode.BadArguments, _client.ErrorOf(Ask.Create("/e/..")));
        Assert.Equal(ErrorCode.NodeExists, _client.ErrorOf(Ask.Create("/e")));
    }

    [Fact]
    public void A_creation_answers_with_its_path_and_with_its_stat_if_asked()
    {
        Assert.Equal("/a", _client.Do(Ask.Create("/a", "data")).Read().String());

        var reply = _client.Do(Ask.Create2("/b", "more"));
        var reader = reply.Read();
        Assert.Equal("/b", reader.String());
        var wall = _driver.WallClock;
        Assert.Equal(new StatSeen(reply.Zxid, reply.Zxid, wall, wall, 0, 0, 0, 0, 4, 0, reply.Zxid), reader.Stat());
        Assert.Equal(0, reader.Left);
    }

    [Fact]
    public void Null_data_stays_null_and_empty_data_empty()
    {
        _client.Do(Ask.Create("/null", null));
        _client.Do(Ask.Create("/empty", ""));

        Assert.Null(_client.DataOf("/null"));
        Assert.Equal("", _client.DataOf("/empty"));
        Assert.Equal(0, _client.StatOf("/null").DataLength);

        _client.Do(Ask.SetData("/empty", null));
        _client.Do(Ask.SetData("/null", "x"));
        Assert.Null(_client.DataOf("/empty"));
        Assert.Equal("x", _client.DataOf("/null"));
    }

    [Fact]
    public void Sequential_names_count_all_children_ever_created_and_never_come_back()
    {
        _client.Do(Ask.Create("/p"));
        Assert.Equal("/p/a0000000000", _client.Do(Ask.Create("/p/a", "", CreateMode.PersistentSequential)).Read().String());
        _client.Do(Ask.Create("/p/plain"));
        Assert.Equal("/p/b0000000002", _client.Do(Ask.Create("/p/b", "", CreateMode.EphemeralSequential)).Read().String());
        _client.Do(Ask.Delete("/p/b0000000002"));
        Assert.Equal("/p/0000000003", _client.Do(Ask.Create("/p/", "", CreateMode.PersistentSequential)).Read().String());
    }

    [Fact]
    public void Sequential_creations_under_way_count_too()
    {
        for (var i = 0; i < 3; i++)
            _client.Send(Ask.Create("/s", "", CreateMode.PersistentSequential));

        _driver.SyncAll();

        Assert.Equal(["/s0000000000", "/s0000000001", "/s0000000002"], _client.Replies.Select(reply => reply.Read().String()));
    }

    [Fact]
    public void Under_the_root_a_name_may_be_a_number_alone()
    {
        Assert.Equal("/0000000000", _client.Do(Ask.Create("/", "", CreateMode.PersistentSequential)).Read().String());
        Assert.Equal("/0000000001", _client.Do(Ask.Create("/", "", CreateMode.PersistentSequential)).Read().String());
    }

    [Theory]
    [InlineData(OpCode.Create, CreateMode.Container)]
    [InlineData(OpCode.Create2, CreateMode.PersistentTtl)]
    [InlineData(OpCode.CreateContainer, CreateMode.Persistent)]
    [InlineData(OpCode.CreateContainer, CreateMode.Ephemeral)]
    public void Operations_and_flags_that_contradict_each_other_are_refused(OpCode op, CreateMode mode)
    {
        var driver = new PeerDriver(new PeerOptions { ExtendedTypesEnabled = true });

        Assert.Equal(ErrorCode.BadArguments, driver.Connect().ErrorOf(Ask.Create("/a", "", mode) with { Op = op }));
    }

    [Fact]
    public void Ephemerals_show_their_session_and_containers_and_TTL_nodes_show_none()
    {
        var driver = new PeerDriver(new PeerOptions { ExtendedTypesEnabled = true });
        var client = driver.Connect();
        client.Do(Ask.Create("/e", "", CreateMode.Ephemeral));
        client.Do(Ask.CreateContainer("/c"));
        client.Do(Ask.CreateTtl("/t", 5_000));

        Assert.Equal(client.SessionId, client.StatOf("/e").Owner);
        Assert.Equal(0, client.StatOf("/c").Owner);
        Assert.Equal(0, client.StatOf("/t").Owner);
        client.Do(Ask.Create("/c/child"));
        client.Do(Ask.Create("/t/child"));
    }

    [Theory]
    [InlineData(0, ErrorCode.BadArguments)]
    [InlineData(-1, ErrorCode.BadArguments)]
    [InlineData(1, ErrorCode.Ok)]
    [InlineData(0xFF_FFFF_FFFF, ErrorCode.Ok)]
    [InlineData(0x100_0000_0000, ErrorCode.BadArguments)]
    public void A_time_to_live_has_bounds(long ttl, ErrorCode expected)
    {
        var driver = new PeerDriver(new PeerOptions { ExtendedTypesEnabled = true });

        Assert.Equal(expected, driver.Connect().ErrorOf(Ask.CreateTtl("/t", ttl)));
    }

    [Fact]
    public void A_body_that_is_cut_short_is_a_marshalling_error_and_the_connection_stays()
    {
        var whole = Ask.Create("/a");
        for (var length = 0; length < whole.Body.Length; length++)
            Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(whole with { Body = whole.Body[..length] }));

        Assert.False(_client.IsClosed);
        Assert.False(_client.Sees("/a"));
        _client.Do(whole);
    }
}
