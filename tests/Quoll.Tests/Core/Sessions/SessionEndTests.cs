using System.Buffers.Binary;
using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Sessions;

public sealed class SessionEndTests
{
    [Fact]
    public void Closing_a_session_answers_then_closes_and_takes_the_ephemerals_in_one_transaction()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        var other = driver.Connect();
        client.Do(Ask.Create("/a"));
        client.Do(Ask.Create("/a/e", mode: CreateMode.Ephemeral));
        client.Do(Ask.Create("/a/f", mode: CreateMode.EphemeralSequential));
        other.Do(Ask.GetChildren("/a", watch: true));

        var reply = client.Do(Ask.Close);

        Assert.True(client.IsClosed);
        Assert.Equal(driver.Peer.LastProcessed.Value, reply.Zxid);
        Assert.Empty(other.ChildrenOf("/a"));
        Assert.Equal(reply.Zxid, other.StatOf("/a").Pzxid);
        Assert.Equal(reply.Zxid, Assert.Single(other.TakeEvents()).Zxid);
    }

    [Fact]
    public void Reads_before_the_close_are_answered_and_requests_after_it_are_dropped()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        var create = client.Send(Ask.Create("/a"));
        var read = client.Send(Ask.Exists("/a"));
        var close = client.Send(Ask.Close);
        client.Send(Ask.Create("/b"));
        client.Send(Ask.Exists("/a"));

        driver.SyncAll();

        Assert.Equal([create, read, close], client.Replies.Select(reply => reply.Xid));
        Assert.True(client.IsClosed);
        Assert.False(driver.Connect().Sees("/b"));
    }

    [Fact]
    public void An_ephemeral_whose_creation_is_under_way_goes_with_its_session()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        client.Send(Ask.Create("/e", mode: CreateMode.Ephemeral));
        client.Send(Ask.Close);

        driver.SyncAll();

        Assert.False(driver.Connect().Sees("/e"));
        Assert.Equal(0, driver.Peer.Introspection.EphemeralCount);
    }

    [Fact]
    public void A_session_that_is_being_closed_does_not_expire_as_well()
    {
        var driver = new PeerDriver();
        var client = driver.Connect();
        client.Send(Ask.Close);

        driver.Pass(60_000);

        Assert.Equal(1, driver.Unsynced);
        Assert.DoesNotContain(driver.Notices, notice => notice.Kind == NoticeKind.SessionExpired);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_session_ends_alike_whether_its_transaction_tells_paths_and_digest_or_not(bool paths, bool digest)
    {
        var driver = new PeerDriver(new PeerOptions { CloseSessionTxnEnabled = paths, DigestEnabled = digest });
        var client = driver.Connect();
        client.Do(Ask.Create("/e", mode: CreateMode.Ephemeral));

        client.Do(Ask.Close);

        Assert.False(driver.Connect().Sees("/e"));
        Assert.Equal(driver.Peer.Introspection.Digest, driver.Replay().Digest);
        Assert.Equal(0, driver.Replay().DigestMismatches);
    }

    [Fact]
    public void The_end_of_a_session_with_very_many_ephemerals_stays_within_the_largest_transaction()
    {
        var driver = new PeerDriver(new PeerOptions { MaxTxn = 4096 });
        var client = driver.Connect();
        for (var i = 0; i < 20; i++)
            client.Do(Ask.Multi([.. Enumerable.Range(0, 20).Select(j => Ask.Create($"/ephemeral-{i}-{j}", "", CreateMode.Ephemeral))]));
        var watcher = driver.Connect();
        watcher.Do(Ask.Exists("/ephemeral-19-19", watch: true));

        client.Do(Ask.Close);

        var txn = driver.Log[^1].Txn;
        Assert.InRange(txn.Length, 2048, 4096);
        Assert.Equal((int)OpCode.CloseSession, BinaryPrimitives.ReadInt32BigEndian(txn.AsSpan(28)));
        Assert.Equal(["zookeeper"], watcher.ChildrenOf("/"));
        Assert.Equal([new Seen(EventType.NodeDeleted, "/ephemeral-19-19")], watcher.Events);
        Assert.Equal(0, driver.Peer.Introspection.DigestMismatches);
        Assert.Equal(0, driver.Replay().DigestMismatches);
        Assert.Equal(driver.Peer.Introspection.Digest, driver.Replay().Digest);
    }
}
