using Quoll.Protocol;

namespace Quoll.Tests.Core.Requests;

/// <summary>Words only after what is on disk.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public void Nothing_about_a_change_leaves_the_peer_before_it_is_synced()
    {
        var driver = new PeerDriver();
        var writer = driver.Connect();
        var other = driver.Connect();
        Assert.Equal(ErrorCode.NoNode, other.ErrorOf(Ask.Exists("/a", watch: true)));
        other.Do(Ask.GetChildren("/", watch: true));

        var before = driver.Peer.LastProcessed;

        writer.Send(Ask.Create("/a"));
        driver.Pass(1_000);
        Assert.Equal(1, driver.Unsynced);
        Assert.Empty(writer.Heard);
        Assert.Empty(other.Heard);
        Assert.Equal(before, driver.Peer.LastProcessed);

        driver.SyncAll();
        Assert.Equal(before.Next.Value, Assert.Single(writer.Replies).Zxid);
        Assert.Equal([new Seen(EventType.NodeCreated, "/a"), new Seen(EventType.NodeChildrenChanged, "/")], other.Events);
    }

    [Fact]
    public void A_session_is_told_only_once_its_creation_is_synced()
    {
        var driver = new PeerDriver();
        var client = driver.Open();

        client.SendConnect();
        Assert.Equal(0, client.SessionId);
        Assert.False(driver.Peer.Accepts(client.Connection));

        driver.SyncAll();
        Assert.NotEqual(0, client.SessionId);
        Assert.True(driver.Peer.Accepts(client.Connection));
    }

    [Fact]
    public void Other_clients_read_the_old_state_until_a_change_is_synced()
    {
        var driver = new PeerDriver();
        var writer = driver.Connect();
        var reader = driver.Connect();
        writer.Do(Ask.Create("/a", "old"));

        writer.Send(Ask.SetData("/a", "new"));
        reader.Send(Ask.GetData("/a"));
        Assert.Equal("old"u8.ToArray(), Assert.Single(reader.Replies).Read().Buffer());

        driver.SyncAll();
        Assert.Equal("new", reader.DataOf("/a"));
    }

    [Fact]
    public void Changes_synced_one_by_one_are_answered_one_by_one()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        var first = client.Send(Ask.Create("/a"));
        var second = client.Send(Ask.Create("/a/b"));

        driver.SyncOne();
        Assert.Equal(first, Assert.Single(client.Replies).Xid);

        driver.SyncOne();
        Assert.Equal([first, second], client.Replies.Select(reply => reply.Xid));
    }

    [Fact]
    public void A_change_whose_client_went_away_happens_all_the_same()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        client.Send(Ask.Create("/a"));

        client.Drop();
        driver.SyncAll();

        Assert.True(driver.Connect().Sees("/a"));
        Assert.Empty(client.Heard);
    }

    [Fact]
    public void A_refused_change_takes_a_zxid_and_its_place()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        var before = driver.Peer.LastProcessed;

        var reply = client.Call(Ask.Delete("/none"));

        Assert.Equal(ErrorCode.NoNode, reply.Error);
        Assert.Equal(before.Next.Value, reply.Zxid);
        Assert.Empty(reply.Body);
    }
}
