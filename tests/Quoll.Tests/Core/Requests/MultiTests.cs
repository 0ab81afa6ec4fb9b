using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Requests;

public sealed class MultiTests
{
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public MultiTests() => _client = _driver.Connect();

    [Fact]
    public void All_parts_happen_with_one_zxid_and_each_sees_those_before_it()
    {
        var reply = _client.Do(Ask.Multi(
            Ask.Create("/m"), Ask.Create2("/m/a", "x"), Ask.SetData("/m/a", "yy", 0), Ask.Check("/m/a", 1), Ask.Delete("/m/a"),
            Ask.Create("/m/s", "", CreateMode.PersistentSequential), Ask.Create("/m/s", "", CreateMode.PersistentSequential)));

        var reader = reply.Read();
        Assert.Equal((1, "/m"), (Header(reader, ErrorCode.Ok), reader.String()));
        Assert.Equal((15, "/m/a"), (Header(reader, ErrorCode.Ok), reader.String()));
        Assert.Equal(1, reader.Stat().DataLength);
        Assert.Equal(5, Header(reader, ErrorCode.Ok));
        Assert.Equal(2, reader.Stat().DataLength);
        Assert.Equal(13, Header(reader, ErrorCode.Ok));
        Assert.Equal(2, Header(reader, ErrorCode.Ok));
        Assert.Equal((1, "/m/s0000000001"), (Header(reader, ErrorCode.Ok), reader.String()));
        Assert.Equal((1, "/m/s0000000002"), (Header(reader, ErrorCode.Ok), reader.String()));
        AssertEnd(reader);
        var stat = _client.StatOf("/m");
        Assert.Equal((reply.Zxid, reply.Zxid, 4, 2), (stat.Czxid, stat.Pzxid, stat.Cversion, stat.Children));
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
    }

    [Fact]
    public void A_create2_is_logged_as_a_create_which_servers_of_all_versions_apply_and_answered_with_its_stat()
    {
        var reply = _client.Do(Ask.Multi(Ask.Create2("/x", "1"), Ask.Create("/y"), Ask.Create2("/z", "22")));

        var logged = new JuteReader(_driver.Log[^1].Txn);
        _ = TxnHeader.Read(ref logged);
        var types = new List<OpCode>();
        foreach (var part in MultiTxn.Read(ref logged).Txns)
            types.Add((OpCode)part.Type);
        Assert.Equal([OpCode.Create, OpCode.Create, OpCode.Create], types);
        var reader = reply.Read();
        Assert.Equal((15, "/x", 1), (Header(reader, ErrorCode.Ok), reader.String(), reader.Stat().DataLength));
        Assert.Equal((1, "/y"), (Header(reader, ErrorCode.Ok), reader.String()));
        Assert.Equal((15, "/z", 2), (Header(reader, ErrorCode.Ok), reader.String(), reader.Stat().DataLength));
        AssertEnd(reader);
    }

    [Fact]
    public void When_one_part_fails_nothing_happens_and_every_part_says_so()
    {
        var before = _driver.Peer.LastProcessed;

        var reply = _client.Do(Ask.Multi(Ask.Create("/a"), Ask.Create("/zookeeper"), Ask.Create("/b")));

        Assert.Equal(before.Next.Value, reply.Zxid);
        var reader = reply.Read();
        foreach (var error in new[] { ErrorCode.Ok, ErrorCode.NodeExists, ErrorCode.RuntimeInconsistency })
        {
            Assert.Equal(-1, Header(reader, error));
            Assert.Equal((int)error, reader.Int());
        }

        AssertEnd(reader);
        Assert.Equal(["zookeeper"], _client.ChildrenOf("/"));
    }

    [Fact]
    public void A_failed_multi_gives_sequence_numbers_back_and_leaves_no_trace_in_later_checks()
    {
        _client.Do(Ask.Create("/p"));
        _client.Send(Ask.Create("/p/x"));
        _client.Send(Ask.Multi(
            Ask.Create("/p/s", "", CreateMode.PersistentSequential), Ask.Delete("/p/x"), Ask.SetData("/p", "new"), Ask.Delete("/none")));
        _client.Send(Ask.SetData("/p", "v1", 0));
        _client.Send(Ask.Create("/p/s", "", CreateMode.PersistentSequential));
        _client.Send(Ask.Delete("/p/x", 0));

        _driver.SyncAll();

        Assert.All(_client.Replies, reply => Assert.Equal(ErrorCode.Ok, reply.Error));
        Assert.Equal(["s0000000001"], _client.ChildrenOf("/p"));
        Assert.Equal("v1", _client.DataOf("/p"));
        Assert.Equal(0, _driver.Peer.Introspection.DigestMismatches);
    }

    [Fact]
    public void An_empty_multi_takes_a_zxid()
    {
        var before = _driver.Peer.LastProcessed;

        var reply = _client.Do(Ask.Multi());

        Assert.Equal(before.Next.Value, reply.Zxid);
        AssertEnd(reply.Read());
    }

    [Fact]
    public void A_list_with_anything_else_in_it_is_an_error_of_the_whole()
    {
        foreach (var part in new[] { Ask.GetData("/"), Ask.SetAcl("/", -1, AclLine.Open), Ask.Ping, Ask.Close })
        {
            var reply = _client.Call(Ask.Multi(Ask.Create("/a"), part));
            Assert.Equal(ErrorCode.MarshallingError, reply.Error);
            Assert.Empty(reply.Body);
        }

        Assert.False(_client.Sees("/a"));
    }

    [Fact]
    public void A_multi_cut_short_anywhere_is_an_error_of_the_whole()
    {
        var whole = Ask.Multi(Ask.Create("/a"), Ask.Delete("/a"), Ask.Check("/", -1));
        for (var length = 0; length < whole.Body.Length - 4; length++)
            Assert.Equal(ErrorCode.MarshallingError, _client.ErrorOf(whole with { Body = whole.Body[..length] }));

        Assert.Equal(-1, _client.StatOf("/").Cversion);
    }

    [Fact]
    public void Tens_of_thousands_of_parts_are_no_trouble()
    {
        _client.Do(Ask.Create("/p"));
        var parts = Enumerable.Repeat(Ask.Create("/p/s", "", CreateMode.EphemeralSequential), 20_000).ToArray();

        _client.Do(Ask.Multi(parts));
        Assert.Equal(20_000, _client.StatOf("/p").Children);

        _client.Do(Ask.Close);
        Assert.Equal(0, _driver.Connect().StatOf("/p").Children);
        Assert.Equal(0, _driver.Replay().DigestMismatches);
    }

    [Fact]
    public void A_multiRead_answers_each_part_for_itself()
    {
        _client.Do(Ask.Create("/a", "x"));
        _client.Do(Ask.Create("/closed", "", CreateMode.Persistent, new AclLine(31, "digest", "no:body")));

        var reply = _client.Do(Ask.MultiRead(
            Ask.GetData("/a", watch: true), Ask.GetData("/none"), Ask.GetChildren("/zookeeper"), Ask.GetData("/closed")));

        var reader = reply.Read();
        Assert.Equal(4, Header(reader, ErrorCode.Ok));
        Assert.Equal("x"u8.ToArray(), reader.Buffer());
        reader.Stat();
        Assert.Equal((-1, (int)ErrorCode.NoNode), (Header(reader, ErrorCode.NoNode), reader.Int()));
        Assert.Equal(8, Header(reader, ErrorCode.Ok));
        Assert.Equal(["config", "quota"], reader.Strings().Order());
        Assert.Equal((-1, (int)ErrorCode.NoAuth), (Header(reader, ErrorCode.NoAuth), reader.Int()));
        AssertEnd(reader);
        Assert.Equal(0, _driver.Peer.Introspection.WatchCount);
    }

    [Fact]
    public void A_multiRead_takes_no_zxid_and_no_mixed_list()
    {
        var before = _driver.Peer.LastProcessed;

        Assert.Equal(before.Value, _client.Do(Ask.MultiRead(Ask.GetData("/"))).Zxid);
        Assert.Empty(Refused(Ask.MultiRead(Ask.GetData("/"), Ask.Delete("/a"))).Body);
        Assert.Empty(Refused(Ask.MultiRead(Ask.Exists("/"))).Body);
        AssertEnd(Refused(Ask.MultiRead(Ask.Delete("/a"))).Read());
        Assert.Equal(before, _driver.Peer.LastProcessed);

        Reply Refused(Ask ask)
        {
            var reply = _client.Call(ask);
            Assert.Equal(ErrorCode.MarshallingError, reply.Error);
            return reply;
        }
    }

    private static int Header(BytesReader reader, ErrorCode expected)
    {
        var type = reader.Int();
        Assert.False(reader.Bool());
        Assert.Equal(expected, (ErrorCode)reader.Int());
        return type;
    }

    private static void AssertEnd(BytesReader reader)
    {
        Assert.Equal((-1, true, -1), (reader.Int(), reader.Bool(), reader.Int()));
        Assert.Equal(0, reader.Left);
    }
}
