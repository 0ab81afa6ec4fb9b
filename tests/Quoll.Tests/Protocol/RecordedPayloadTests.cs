using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Protocol;

/// <summary>Bytes that Apache's servers and clients sent, frames without their length.</summary>
public class RecordedPayloadTests
{
    private delegate void Reading(ref JuteReader reader);

    [Fact]
    public void A_connect_request() => Check(
        "00000000 0000000000000000 00007530 0000000000000000 00000010 00000000000000000000000000000000",
        static (ref reader) =>
        {
            var request = ConnectRequest.Read(ref reader);
            if (reader.Malformed)
                return;
            Assert.Equal((0, 0L, 30000, 0L), (request.ProtocolVersion, request.LastZxidSeen, request.Timeout, request.SessionId));
            Assert.Equal(new byte[16], request.Password.ToArray());
        });

    [Theory]
    [InlineData("00000000 00002710 01000017dc190000 00000010 ed6b050476135766131958bbaf073018", 10000, 0x1000017dc190000L)]
    [InlineData("00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000", 0, 0L)]
    public void A_connect_response(string hex, int timeout, long session) => Check(hex, (ref reader) =>
    {
        var response = ConnectResponse.Read(ref reader);
        if (reader.Malformed)
            return;
        Assert.Equal((0, timeout, session), (response.ProtocolVersion, response.Timeout, response.SessionId));
        Assert.Equal(Hex(hex)[^16..], response.Password.ToArray());
    });

    [Theory]
    [InlineData("fffffffe 0000000b", ReservedXid.Ping, OpCode.Ping)]
    [InlineData("00000001 fffffff5", 1, OpCode.CloseSession)]
    public void A_request_without_a_body(string hex, int xid, OpCode op) => Check(hex, (ref reader) =>
    {
        var header = RequestHeader.Read(ref reader);
        if (!reader.Malformed)
            Assert.Equal((xid, op), (header.Xid, (OpCode)header.Type));
    });

    [Theory]
    [InlineData("fffffffe 0000000000000002 00000000", ReservedXid.Ping, 2, ErrorCode.Ok)]
    [InlineData("00000009 0000000000000004 ffffff92", 9, 4, ErrorCode.NodeExists)]
    [InlineData("00000001 0000000000000002 ffffff9b", 1, 2, ErrorCode.NoNode)]
    [InlineData("00000011 ffffffffffffffff fffffffa", 17, -1, ErrorCode.Unimplemented)]
    [InlineData("fffffffc 0000000000000000 00000000", ReservedXid.Auth, 0, ErrorCode.Ok)]
    public void A_reply_without_a_body(string hex, int xid, long zxid, ErrorCode error) => Check(hex, (ref reader) =>
    {
        var header = ReplyHeader.Read(ref reader);
        if (!reader.Malformed)
            Assert.Equal((xid, zxid, error), (header.Xid, header.Zxid, (ErrorCode)header.Error));
    });

    [Fact]
    public void A_create_request() => Check(
        "00000008 00000001 00000005 2f6e6f7065 00000003 616263 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000",
        static (ref reader) =>
        {
            var header = RequestHeader.Read(ref reader);
            var request = CreateRequest.Read(ref reader);
            if (reader.Malformed)
                return;
            Assert.Equal((8, OpCode.Create), (header.Xid, (OpCode)header.Type));
            Assert.Equal(("/nope", "abc", 1, 0), (request.Path.ToString(), request.Data.ToString(), request.Acl.Count, request.Flags));
            foreach (var acl in request.Acl)
                Assert.Equal((31, "world", "anyone"), (acl.Perms, acl.Id.Scheme.ToString(), acl.Id.Name.ToString()));
        });

    [Fact]
    public void A_create_reply() => Check(
        "00000008 0000000000000003 00000000 00000005 2f6e6f7065",
        static (ref reader) =>
        {
            var header = ReplyHeader.Read(ref reader);
            var response = CreateResponse.Read(ref reader);
            if (!reader.Malformed)
                Assert.Equal((8, 3L, "/nope"), (header.Xid, header.Zxid, response.Path.ToString()));
        });

    [Fact]
    public void A_notification() => Check(
        "ffffffff ffffffffffffffff 00000000 00000001 00000003 00000005 2f6e6f7065",
        static (ref reader) =>
        {
            var header = ReplyHeader.Read(ref reader);
            var watched = WatcherEvent.Read(ref reader);
            if (reader.Malformed)
                return;
            Assert.Equal((ReservedXid.Notification, -1L), (header.Xid, header.Zxid));
            Assert.Equal((EventType.NodeCreated, 3, "/nope"), ((EventType)watched.Type, watched.State, watched.Path.ToString()));
        });

    [Fact]
    public void An_exists_request() => Check(
        "00000001 00000003 00000005 2f6e6f7065 01",
        static (ref reader) =>
        {
            var header = RequestHeader.Read(ref reader);
            var request = ReadRequest.Read(ref reader);
            if (!reader.Malformed)
                Assert.Equal((OpCode.Exists, "/nope", true), ((OpCode)header.Type, request.Path.ToString(), request.Watch));
        });

    [Fact]
    public void The_stat_of_a_fresh_root()
    {
        var zeros = new string('0', 16);
        Check(
            $"{zeros}{zeros}{zeros}{zeros} 00000000 ffffffff 00000000 {zeros} 00000000 00000001 {zeros}",
            static (ref reader) =>
            {
                var stat = Stat.Read(ref reader);
                if (!reader.Malformed)
                    Assert.Equal(default(Stat) with { Cversion = -1, NumChildren = 1 }, stat);
            });
    }

    [Fact]
    public void The_headers_of_a_multi() => Check(
        "00000001 00 00000000 0000000f 00 00000000 0000000d 00 00000000 00000005 00 00000000 00000002 00 00000000 ffffffff 01 ffffffff",
        static (ref reader) =>
        {
            var types = new List<(int Type, bool Done, int Error)>();
            for (var i = 0; i < 6; i++)
            {
                var header = MultiHeader.Read(ref reader);
                types.Add((header.Type, header.Done, header.Error));
            }

            if (!reader.Malformed)
                Assert.Equal([(1, false, 0), (15, false, 0), (13, false, 0), (5, false, 0), (2, false, 0), (-1, true, -1)], types);
        });

    [Fact]
    public void An_add_watch_reply() => Check(
        "00000005 0000000000000042 00000000 00000000",
        static (ref reader) =>
        {
            var header = ReplyHeader.Read(ref reader);
            var response = ErrorResponse.Read(ref reader);
            if (!reader.Malformed)
                Assert.Equal((5, 0x42L, 0), (header.Xid, header.Zxid, response.Error));
        });

    [Fact]
    public void An_auth_packet() => Check(
        "fffffffc 00000064 00000000 00000006 646967657374 0000000a 626f623a736563726574",
        static (ref reader) =>
        {
            var header = RequestHeader.Read(ref reader);
            var packet = AuthPacket.Read(ref reader);
            if (reader.Malformed)
                return;
            Assert.Equal((ReservedXid.Auth, OpCode.Auth), (header.Xid, (OpCode)header.Type));
            Assert.Equal((0, "digest", "bob:secret"), (packet.Type, packet.Scheme.ToString(), packet.Auth.ToString()));
        });

    [Fact]
    public void A_who_am_i_reply() => Check(
        "00000001 0000000000000005 00000000 00000002 00000006 646967657374 00000003 626f62 00000002 6970 00000009 3132372e302e302e31",
        static (ref reader) =>
        {
            ReplyHeader.Read(ref reader);
            var response = WhoAmIResponse.Read(ref reader);
            if (reader.Malformed)
                return;
            var infos = new List<string>();
            foreach (var info in response.Clients)
                infos.Add($"{info.AuthScheme.ToString()}:{info.User.ToString()}");
            Assert.Equal(["digest:bob", "ip:127.0.0.1"], infos);
        });

    [Fact]
    public void A_logged_session() => Check(
        "01000014f8940000 00000000 0000000100000001 000001a202347b27 fffffff6 00002710 00000002 0000000051c6d660",
        static (ref reader) =>
        {
            var header = TxnHeader.Read(ref reader);
            var session = CreateSessionTxn.Read(ref reader);
            var digest = TxnDigest.Read(ref reader);
            if (reader.Malformed)
                return;
            Assert.Equal(new TxnHeader(0x01000014f8940000, 0, 0x100000001, 0x1a202347b27, (int)OpCode.CreateSession), header);
            Assert.Equal((10000, 2, 0x51c6d660L), (session.Timeout, digest.Version, digest.TreeDigest));
        });

    [Fact]
    public void A_logged_error() => Check(
        "01000014f8940000 00000007 0000000100000004 000001a202347b27 ffffffff ffffff92",
        static (ref reader) =>
        {
            var header = TxnHeader.Read(ref reader);
            var error = ErrorTxn.Read(ref reader);
            if (!reader.Malformed)
                Assert.Equal((OpCode.Error, ErrorCode.NodeExists), ((OpCode)header.Type, (ErrorCode)error.Error));
        });

    /// <summary>Reads a payload whole, with other bytes behind it, and cut at every byte.</summary>
    private static void Check(string hex, Reading read)
    {
        var bytes = Hex(hex);
        var whole = new JuteReader(bytes);
        read(ref whole);
        Assert.False(whole.Malformed);
        Assert.True(whole.AtEnd);

        var larger = new JuteReader([.. bytes, 0xEE, 0xEE, 0xEE]);
        read(ref larger);
        Assert.False(larger.Malformed);
        Assert.Equal(3, larger.Rest.Length);

        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = new JuteReader(bytes.AsSpan(0, length));
            read(ref cut);
            Assert.True(cut.Malformed);
        }
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
