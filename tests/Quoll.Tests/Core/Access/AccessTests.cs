using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Access;

public sealed class AccessTests
{
    private const string BobsHash = "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=";
    private static readonly AclLine Nobody = new(31, "digest", "no:body");
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public AccessTests() => _client = _driver.Connect();

    public static TheoryData<string?, string?, ErrorCode> Entries => new()
    {
        { "world", "anyone", ErrorCode.Ok },
        { "world", "someone", ErrorCode.InvalidAcl },
        { "digest", "bob:hash", ErrorCode.Ok },
        { "digest", "bob", ErrorCode.InvalidAcl },
        { "digest", "bob:hash:more", ErrorCode.InvalidAcl },
        { "digest", "bob:hash:", ErrorCode.Ok },
        { "ip", "10.0.0.1", ErrorCode.Ok },
        { "ip", "10.0.0.0/8", ErrorCode.Ok },
        { "ip", "10.0.0.0/33", ErrorCode.InvalidAcl },
        { "ip", "10.0.0.0/-1", ErrorCode.InvalidAcl },
        { "ip", "10.0.0", ErrorCode.InvalidAcl },
        { "ip", "::1", ErrorCode.Ok },
        { "ip", "fe80::/10", ErrorCode.Ok },
        { "ip", "1::2::3", ErrorCode.InvalidAcl },
        { "auth", "", ErrorCode.InvalidAcl },
        { "super", "", ErrorCode.InvalidAcl },
        { "sasl", "bob", ErrorCode.InvalidAcl },
        { null, "x", ErrorCode.InvalidAcl },
    };

    [Theory]
    [MemberData(nameof(Entries))]
    public void A_list_must_mean_something(string? scheme, string? id, ErrorCode expected) =>
        Assert.Equal(expected, _client.ErrorOf(Ask.Create("/a", "", CreateMode.Persistent, new AclLine(31, scheme, id))));

    [Theory]
    [InlineData(OpCode.Auth)]
    [InlineData(OpCode.Sasl)]
    public void Who_says_nothing_of_who_he_is_is_closed_without_a_word(OpCode op)
    {
        _client.Send(new Ask(op, [0, 0]));

        Assert.True(_client.IsClosed);
        Assert.Empty(_client.Heard);
    }

    [Fact]
    public void Digest_identities_open_what_their_owner_may_and_nothing_else()
    {
        _client.Do(Ask.Create("/bobs", "", CreateMode.Persistent, new AclLine(31, "digest", BobsHash), new AclLine(1, "world", "anyone")));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.SetData("/bobs", "x")));
        _client.Do(Ask.AddAuth("digest", "bob:wrong"));
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.SetData("/bobs", "x")));

        Assert.Equal(0, _client.Do(Ask.AddAuth("digest", "bob:secret")).Zxid);
        _client.Do(Ask.SetData("/bobs", "x"));

        Assert.Equal(ErrorCode.NoAuth, _driver.Connect().ErrorOf(Ask.SetData("/bobs", "x")));
    }

    [Fact]
    public void The_scheme_auth_means_whom_the_connection_has_proved_to_be()
    {
        _client.Do(Ask.AddAuth("digest", "bob:secret"));
        _client.Do(Ask.AddAuth("digest", "eve:secret"));
        _client.Do(Ask.Create("/a", "", CreateMode.Persistent, new AclLine(3, "auth", "ignored")));

        var list = _client.Do(Ask.Create("/b", "", CreateMode.Persistent, new AclLine(31, "auth", ""))) is not null
            ? _client.Do(Ask.GetAcl("/b")).Read().Acl() : [];

        Assert.Equal(2, list.Length);
        Assert.Contains(new AclLine(31, "digest", BobsHash), list);
        Assert.Equal(ErrorCode.NoAuth, _client.ErrorOf(Ask.SetAcl("/a", -1, AclLine.Open)));
    }

    [Fact]
    public void Address_lists_match_the_address_of_the_connection()
    {
        var near = _driver.Connect(address: "10.1.2.3");
        var far = _driver.Connect(address: "11.1.2.3");
        var six = _driver.Connect(address: "fe80::1");
        _client.Do(Ask.Create("/ten", "", CreateMode.Persistent, new AclLine(1, "ip", "10.0.0.0/8"), new AclLine(1, "ip", "fe80::/10")));

        Assert.True(near.Sees("/ten"));
        Assert.True(six.Sees("/ten"));
        Assert.Equal(ErrorCode.NoAuth, far.ErrorOf(Ask.GetData("/ten")));
    }

    [Fact]
    public void Every_permission_opens_its_operations_only()
    {
        _client.Do(Ask.Create("/p"));
        _client.Do(Ask.Create("/p/c"));

        Assert.Equal([Ask.GetData("/p").Op, OpCode.GetChildren, OpCode.GetAcl], AllowedWith(1));
        Assert.Equal([OpCode.SetData], AllowedWith(2));
        Assert.Equal([OpCode.Create], AllowedWith(4));
        Assert.Equal([OpCode.Delete], AllowedWith(8));
        Assert.Equal([OpCode.GetAcl, OpCode.SetAcl], AllowedWith(16));
        Assert.Empty(AllowedWith(0));
    }

    [Fact]
    public void Who_may_not_administer_sees_no_hashes()
    {
        _client.Do(Ask.Create("/a", "", CreateMode.Persistent, new AclLine(31, "digest", BobsHash), new AclLine(1, "world", "anyone")));

        Assert.Equal([new AclLine(31, "digest", "bob:x"), new AclLine(1, "world", "anyone")], _client.Do(Ask.GetAcl("/a")).Read().Acl());
        _client.Do(Ask.AddAuth("digest", "bob:secret"));
        Assert.Equal(BobsHash, _client.Do(Ask.GetAcl("/a")).Read().Acl()[0].Id);
    }

    [Fact]
    public void The_super_user_may_do_everything()
    {
        var driver = new PeerDriver(new PeerOptions { SuperDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=" });
        var client = driver.Connect();
        client.Do(Ask.Create("/a", "", CreateMode.Persistent, Nobody));
        Assert.Equal(ErrorCode.NoAuth, client.ErrorOf(Ask.GetData("/a")));

        client.Do(Ask.AddAuth("digest", "super:test"));

        client.Do(Ask.GetData("/a"));
        client.Do(Ask.SetData("/zookeeper/config", "x"));
    }

    [Fact]
    public void Without_checks_everybody_may_do_everything()
    {
        var client = new PeerDriver(new PeerOptions { SkipAcl = true }).Connect();
        client.Do(Ask.Create("/a", "", CreateMode.Persistent, Nobody));

        client.Do(Ask.Delete("/a"));
    }

    [Fact]
    public void An_unknown_scheme_is_answered_and_the_connection_closed()
    {
        Assert.Equal(ErrorCode.AuthFailed, _client.ErrorOf(Ask.AddAuth("kerberos", "x")));
        Assert.True(_client.IsClosed);
    }

    [Fact]
    public void Enforced_authentication_lets_nothing_through_but_authentication()
    {
        var driver = new PeerDriver(new PeerOptions { EnforcedAuthSchemes = ["digest"] });
        var stranger = driver.Connect();
        var reply = stranger.Call(Ask.Ping with { Op = OpCode.WhoAmI });
        Assert.Equal((ErrorCode.SessionClosedRequireSaslAuth, 0L), (reply.Error, reply.Zxid));
        Assert.True(stranger.IsClosed);

        var bob = driver.Connect();
        bob.Do(Ask.AddAuth("digest", "bob:secret"));
        bob.Do(Ask.WhoAmI);
    }

    [Fact]
    public void WhoAmI_tells_schemes_and_users()
    {
        _client.Do(Ask.AddAuth("digest", "bob:secret:more"));

        var reader = _client.Do(Ask.WhoAmI).Read();

        var told = Enumerable.Range(0, reader.Int()).Select(_ => (reader.String(), reader.String())).Order().ToList();
        Assert.Equal([("digest", "bob"), ("ip", "127.0.0.1")], told);
    }

    [Fact]
    public void A_list_of_very_many_entries_is_handled_at_once()
    {
        var lines = Enumerable.Range(0, 40_000).Select(i => new AclLine(i, "world", "anyone")).ToArray();

        _client.Do(Ask.Create("/a", "", CreateMode.Persistent, [.. lines, .. lines[..100]]));

        Assert.Equal(40_000, _client.Do(Ask.GetAcl("/a")).Read().Acl().Length);
    }

    private List<OpCode> AllowedWith(int permissions)
    {
        var path = "/with" + permissions;
        _client.Do(Ask.Create(path));
        _client.Do(Ask.Create(path + "/child"));
        _client.Do(Ask.SetAcl(path, -1, new AclLine(permissions, "world", "anyone")));
        Ask[] asks =
        [
            Ask.GetData(path), Ask.GetChildren(path), Ask.GetAcl(path), Ask.SetData(path, "x"), Ask.Create(path + "/new"),
            Ask.Delete(path + "/child"), Ask.SetAcl(path, -1, new AclLine(permissions, "world", "anyone")),
        ];
        return [.. asks.Where(ask => _client.ErrorOf(ask) == ErrorCode.Ok).Select(ask => ask.Op)];
    }
}
