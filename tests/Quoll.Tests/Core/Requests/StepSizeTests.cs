using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>What one step of the peer puts on the client lane is bounded, whatever clients ask for.</summary>
public sealed class StepSizeTests
{
    private const int Large = 900_000;
    private readonly PeerDriver _driver = new();
    private readonly TestClient _client;

    public StepSizeTests()
    {
        _client = _driver.Connect();
        _client.Do(Ask.Create("/large", new string('x', Large)));
    }

    [Fact]
    public void A_connection_is_not_read_while_the_client_lane_is_full()
    {
        var fed = FeedWithoutCollecting(() => Ask.GetData("/large"), 5_000);

        Assert.InRange(fed, 2, 100);
        Assert.False(_driver.Peer.Accepts(_client.Connection));

        _driver.Collect();
        Assert.True(_driver.Peer.Accepts(_client.Connection));
        Assert.Equal(fed, _client.Replies.Count);
    }

    [Fact]
    public void Reads_that_waited_for_a_change_are_answered_over_several_steps_and_before_later_changes()
    {
        var expected = new List<int> { _client.Send(Ask.Create("/a")) };
        for (var i = 0; i < 300; i++)
            expected.Add(_client.Send(Ask.GetData("/large")));
        expected.Add(_client.Send(Ask.Create("/b")));
        expected.Add(_client.Send(Ask.Exists("/b")));
        var largest = 0;

        _driver.Peer.OnSynced(_driver.Log[^1].Zxid);
        largest = Math.Max(largest, _driver.Peer.Outbox.Clients.Bytes.Length);
        _driver.Collect();
        while (_driver.Peer.HasMore)
        {
            _driver.Peer.Advance(new Instant(_driver.Now), _driver.WallClock);
            largest = Math.Max(largest, _driver.Peer.Outbox.Clients.Bytes.Length);
            _driver.Collect();
        }

        Assert.InRange(largest, Large, 32 * 1024 * 1024);
        Assert.Equal(expected, _client.Replies.Select(reply => reply.Xid));
        Assert.All(_client.Replies, reply => Assert.Equal(ErrorCode.Ok, reply.Error));
    }

    [Fact]
    public void A_client_that_goes_away_while_its_reads_are_answered_does_not_stop_the_others()
    {
        _client.Send(Ask.Create("/a"));
        for (var i = 0; i < 100; i++)
            _client.Send(Ask.GetData("/large"));
        var other = _driver.Open();
        other.SendConnect();

        _driver.Peer.OnSynced(_driver.Log[^1].Zxid);
        _driver.Collect();
        Assert.True(_driver.Peer.HasMore);
        _client.Drop();
        _driver.Jump(1);

        Assert.False(_driver.Peer.HasMore);
        Assert.NotEqual(0, other.SessionId);
    }

    [Fact]
    public void A_multiRead_whose_answer_would_be_enormous_is_an_error()
    {
        var parts = Enumerable.Repeat(Ask.GetData("/large"), 2_500).ToArray();

        var reply = _client.Call(Ask.MultiRead(parts));

        Assert.Equal(ErrorCode.MarshallingError, reply.Error);
        Assert.Empty(reply.Body);
        Assert.True(_client.Sees("/large"));
    }

    private int FeedWithoutCollecting(Func<Ask> ask, int most)
    {
        var fed = 0;
        for (; fed < most && _driver.Peer.Accepts(_client.Connection); fed++)
        {
            var frame = new Bytes().Int(fed + 100).Int((int)ask().Op).Raw(ask().Body).ToArray();
            _driver.Peer.OnFrame(_client.Connection, frame);
        }

        return fed;
    }
}
