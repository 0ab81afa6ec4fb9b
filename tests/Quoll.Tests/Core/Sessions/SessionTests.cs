using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Sessions;

public sealed class SessionTests
{
    private readonly PeerDriver _driver = new();

    [Theory]
    [InlineData(-5, 6_000)]
    [InlineData(0, 6_000)]
    [InlineData(6_001, 6_001)]
    [InlineData(int.MaxValue, 60_000)]
    public void A_timeout_is_brought_within_bounds(int wanted, int given) => Assert.Equal(given, _driver.Connect(wanted).Timeout);

    [Fact]
    public void The_read_only_flag_is_answered_only_to_clients_that_sent_one()
    {
        var old = _driver.Open();
        old.SendConnect(readOnlyFlag: false);
        _driver.Peer.OnSynced(_driver.Log[^1].Zxid);
        Assert.Equal(40, _driver.Peer.Outbox.Clients.Bytes.Length);
        _driver.Peer.Outbox.Clear();

        var recent = _driver.Open();
        recent.SendConnect();
        _driver.Peer.OnSynced(_driver.Log[^1].Zxid);
        Assert.Equal(41, _driver.Peer.Outbox.Clients.Bytes.Length);
    }

    [Fact]
    public void A_client_that_has_seen_more_than_the_server_is_closed_without_a_word()
    {
        var client = _driver.Open();
        client.SendConnect(lastZxid: _driver.Peer.LastProcessed.Value + 1);

        Assert.True(client.IsClosed);
        Assert.Equal(0, client.Timeout);
    }

    [Fact]
    public void The_password_of_a_session_is_Javas()
    {
        Span<byte> password = stackalloc byte[16];
        Quoll.Core.Sessions.SessionPassword.Write(0x1000017dc190000, password);

        Assert.Equal("ED6B050476135766131958BBAF073018", Convert.ToHexString(password));
    }

    [Fact]
    public void A_session_can_be_taken_up_on_another_connection_which_ends_the_first()
    {
        var first = _driver.Connect();
        first.Do(Ask.Create("/e", "", CreateMode.Ephemeral));
        first.Do(Ask.Exists("/e", watch: true));

        var second = _driver.Reattach(first, timeout: 20_000);

        Assert.True(first.IsClosed);
        Assert.Equal((first.SessionId, 20_000), (second.SessionId, second.Timeout));
        Assert.Equal(first.Password, second.Password);
        second.Do(Ask.SetData("/e", "x"));
        Assert.Empty(second.Events);
        first.Drop();
        second.Do(Ask.Delete("/e"));
    }

    [Fact]
    public void A_wrong_password_still_ends_the_first_connection_and_not_the_session()
    {
        var first = _driver.Connect();

        var thief = _driver.Reattach(first, new byte[16]);
        Assert.Equal((0L, 0, true), (thief.SessionId, thief.Timeout, thief.IsClosed));
        Assert.True(first.IsClosed);

        Assert.Equal(first.SessionId, _driver.Reattach(first).SessionId);
    }

    [Fact]
    public void Passwords_of_any_length_and_sessions_that_never_were_are_refused()
    {
        var client = _driver.Connect();
        foreach (var password in new byte[][] { [], [1], new byte[100], [.. client.Password, 0] })
            Assert.Equal(0, _driver.Reattach(client, password).SessionId);

        var stranger = _driver.Open();
        stranger.SendConnect(sessionId: 77);
        Assert.True(stranger.IsClosed);
        Assert.Equal(new byte[16], stranger.Password);
    }

    [Fact]
    public void A_session_that_is_being_closed_can_not_be_taken_up()
    {
        var first = _driver.Connect();
        first.Send(Ask.Close);

        var second = _driver.Open();
        second.SendConnect(10_000, first.SessionId, first.Password);

        Assert.Equal(0, second.SessionId);
        Assert.True(second.IsClosed);
        _driver.SyncAll();
        Assert.Empty(_driver.Peer.Introspection.Sessions);
    }

    [Fact]
    public void A_session_taken_up_before_its_creation_was_synced_is_whole()
    {
        var first = _driver.Open();
        first.SendConnect();
        var id = _driver.Peer.Introspection.Clients.Single().SessionId;
        var password = new byte[16];
        Quoll.Core.Sessions.SessionPassword.Write(id, password);
        var second = _driver.Open();
        second.SendConnect(10_000, id, password);
        second.Send(Ask.Create("/e", "", CreateMode.Ephemeral));

        _driver.SyncAll();

        Assert.True(first.IsClosed);
        Assert.Equal(0, first.Timeout);
        Assert.Equal(id, second.StatOf("/e").Owner);
    }

    [Fact]
    public void A_silent_session_ends_between_its_timeout_and_a_tick_later()
    {
        var client = _driver.Connect(timeout: 10_000);
        client.Do(Ask.Create("/e", "", CreateMode.Ephemeral));

        _driver.Pass(10_000);
        _driver.SyncAll();
        Assert.Single(_driver.Peer.Introspection.Sessions);

        _driver.Pass(3_000);
        _driver.SyncAll();
        Assert.Empty(_driver.Peer.Introspection.Sessions);
        Assert.True(client.IsClosed);
        Assert.Empty(client.Heard);
        Assert.False(_driver.Connect().Sees("/e"));
        Assert.Equal(0, _driver.Reattach(client).SessionId);
    }

    [Fact]
    public void Any_request_keeps_a_session_alive()
    {
        var client = _driver.Connect(timeout: 6_000);
        for (var i = 0; i < 10; i++)
        {
            _driver.Pass(5_500);
            client.Do(i % 2 == 0 ? Ask.Ping : Ask.Exists("/"));
        }

        Assert.Single(_driver.Peer.Introspection.Sessions);
    }

    [Fact]
    public void Requests_of_a_session_that_expired_are_dropped_until_it_is_closed()
    {
        var client = _driver.Connect();
        _driver.Pass(14_000);
        Assert.Equal(1, _driver.Unsynced);

        client.Send(Ask.Ping);
        client.Send(Ask.Create("/a"));
        _driver.SyncAll();

        Assert.Empty(client.Heard);
        Assert.True(client.IsClosed);
        Assert.False(_driver.Connect().Sees("/a"));
    }

    [Fact]
    public void Changes_taken_before_the_expiry_are_answered_before_the_close()
    {
        var client = _driver.Connect();
        var xid = client.Send(Ask.Create("/e", "", CreateMode.Ephemeral));
        _driver.Pass(14_000);

        _driver.SyncAll();

        Assert.Equal(xid, Assert.Single(client.Replies).Xid);
        Assert.True(client.IsClosed);
        Assert.Equal(0, _driver.Peer.Introspection.EphemeralCount);
    }

    [Fact]
    public void A_pause_of_the_process_however_long_expires_nobody()
    {
        var client = _driver.Connect(timeout: 6_000);
        foreach (var pause in new[] { 3_001, 4_500, 5_999, 100_000, 10_000_000 })
        {
            _driver.Pass(2_000);
            _driver.Jump(pause);
            client.Do(Ask.Ping);
        }

        Assert.Single(_driver.Peer.Introspection.Sessions);
        Assert.Contains(_driver.Notices, notice => notice.Kind == NoticeKind.TimePassedUnseen);
    }

    [Fact]
    public void A_session_is_not_ended_for_silence_while_its_connection_is_not_read()
    {
        var driver = new PeerDriver(new PeerOptions { OutstandingBytesLimit = 1_000 });
        var client = driver.Connect();
        var idle = driver.Connect();
        client.Send(Ask.Create("/a", new string('x', 5_000)));
        Assert.False(driver.Peer.Accepts(idle.Connection));

        driver.Pass(60_000);
        driver.SyncAll();

        Assert.False(client.IsClosed);
        Assert.False(idle.IsClosed);
        driver.Pass(60_000);
        driver.SyncAll();
        Assert.True(idle.IsClosed);
    }

    [Fact]
    public void After_a_restart_every_session_has_a_whole_timeout()
    {
        var client = _driver.Connect(timeout: 10_000);
        client.Do(Ask.Create("/e", "", CreateMode.Ephemeral));
        var restarted = new PeerDriver(_driver.Options, _driver.Replay());

        restarted.Pass(9_000);
        Assert.Equal(0, restarted.Unsynced);
        var back = restarted.Reattach(client);
        Assert.Equal(client.SessionId, back.SessionId);
        back.Drop();
        restarted.Pass(14_000);
        restarted.SyncAll();

        Assert.Equal(0, restarted.Peer.Introspection.EphemeralCount);
    }

    [Fact]
    public void Ephemerals_of_a_session_that_a_snapshot_does_not_have_end_too()
    {
        var client = _driver.Connect();
        client.Do(Ask.Create("/e", "", CreateMode.Ephemeral));
        var state = _driver.Replay();
        state.Database.Sessions.Clear();
        var restarted = new PeerDriver(_driver.Options, state);

        restarted.Pass(14_000);
        restarted.SyncAll();

        Assert.False(restarted.Connect().Sees("/e"));
    }

    [Fact]
    public void Ids_are_never_given_twice()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => _driver.Connect().SessionId).ToHashSet();

        Assert.Equal(100, ids.Count);
        Assert.All(ids, id => Assert.Equal(1, id >> 56));
    }
}
