using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>A parent whose counter has come to the end of its range, which takes two thousand million creations.</summary>
public sealed class SequenceEndTests
{
    private static readonly byte[] Open = [0, 0, 0, 31, 0, 0, 0, 5, .. "world"u8, 0, 0, 0, 6, .. "anyone"u8];
    private readonly PeerDriver _driver;
    private readonly TestClient _client;

    public SequenceEndTests()
    {
        var options = new PeerOptions();
        var state = new RecoveredState(options);
        state.Replay(Create(1, "/p", 1));
        state.Replay(Create(2, "/p/first", int.MaxValue));
        _driver = new PeerDriver(options, state);
        _client = _driver.Connect();
    }

    [Fact]
    public void The_counter_stays_where_it_is_and_the_next_transaction_gets_the_same_number()
    {
        Assert.Equal("/p/a2147483647", Created("/p/a"));
        Assert.Equal(ErrorCode.NodeExists, _client.ErrorOf(Ask.Create("/p/a", "", CreateMode.PersistentSequential)));
        Assert.Equal("/p/b2147483647", Created("/p/b"));
    }

    [Fact]
    public void Transactions_under_way_count_on_into_the_negative_numbers()
    {
        for (var i = 0; i < 2; i++)
            _client.Send(Ask.Create("/p/a", "", CreateMode.PersistentSequential));
        _driver.SyncAll();

        Assert.Equal(["/p/a2147483647", "/p/a-2147483648"], _client.Replies.Select(reply => reply.Read().String()));
    }

    [Fact]
    public void That_the_digests_no_longer_fit_is_told_once_a_minute()
    {
        for (var i = 0; i < 5; i++)
            Created($"/p/{i}-");
        Assert.Equal(5, _driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(1, Told());

        for (var i = 0; i < 61; i++)
        {
            _driver.Pass(1000);
            _client.Do(Ask.Ping);
        }

        Created("/p/later");
        Created("/p/still-later");
        Assert.Equal(2, Told());
    }

    private string Created(string path) => _client.Do(Ask.Create(path, "", CreateMode.PersistentSequential)).Read().String();

    private int Told() => _driver.Notices.Count(notice => notice.Kind == NoticeKind.DigestMismatch);

    private static byte[] Create(long zxid, string path, int parentCversion) => new Bytes()
        .Long(1).Int(0).Long(zxid).Long(0).Int((int)OpCode.Create)
        .String(path).Buffer([]).Int(1).Raw(Open).Bool(false).Int(parentCversion).ToArray();
}
