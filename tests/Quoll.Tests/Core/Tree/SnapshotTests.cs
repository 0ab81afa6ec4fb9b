using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Tree;

public sealed class SnapshotTests
{
    private readonly RecoveredState _state = new(new PeerOptions());
    private readonly PeerDriver _driver;
    private readonly TestClient _client;

    public SnapshotTests()
    {
        _driver = new PeerDriver(new PeerOptions(), _state);
        _client = _driver.Connect();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_snapshot_written_while_everything_changes_is_the_tree_as_it_was_at_its_beginning(ulong seed)
    {
        var prng = new Prng(seed);
        for (var i = 0; i < 60; i++)
            Change(prng, 20);
        var expected = TreeModel.Of(_state);
        var zxid = _driver.Peer.LastProcessed;
        var lists = _state.Database.Tree.Acls.All().Count();
        _driver.SnapshotDiskIsSlow = true;
        _driver.Peer.BeginSnapshot();
        _driver.Collect();

        while (_driver.Snapshot is null)
        {
            Change(prng, 20);
            _driver.SnapshotDiskIsSlow = false;
            _driver.TakeSnapshotBytes();
            _driver.SnapshotDiskIsSlow = true;
            _driver.Collect();
        }

        var loaded = Load(_driver.Snapshot, zxid);
        Assert.Equal(expected, TreeModel.Of(loaded));
        Assert.Equal(lists, loaded.Database.Tree.Acls.All().Count());
        var replayed = _driver.Replay(loaded);
        Assert.Equal(TreeModel.Of(_state), TreeModel.Of(replayed));
        Assert.Equal(_driver.Peer.Introspection.Digest, replayed.Digest);
        Assert.Equal(0, replayed.DigestMismatches);
    }

    [Theory]
    [InlineData(true, true, 2)]
    [InlineData(true, false, 1)]
    [InlineData(false, true, 0)]
    [InlineData(false, false, 0)]
    public void A_snapshot_has_no_last_zxid_where_it_has_no_digest(bool digest, bool lastZxid, int more)
    {
        var driver = new PeerDriver(new PeerOptions { DigestEnabled = digest, SerializeLastProcessedZxid = lastZxid });
        driver.Connect();
        driver.Peer.BeginSnapshot();
        driver.Collect();

        var tail = driver.Snapshot![(driver.Snapshot.AsSpan().LastIndexOf("\0\0\0\u0001/"u8) + 5)..];
        Assert.Equal(more switch { 2 => 20 + 8, 1 => 20, _ => 0 }, tail.Length);
    }

    [Fact]
    public void Snapshots_follow_one_another_and_each_is_whole()
    {
        var prng = new Prng(9);
        for (var i = 0; i < 5; i++)
        {
            Change(prng, 200);
            var zxid = _driver.Peer.LastProcessed;
            _driver.Peer.BeginSnapshot();
            _driver.Collect();
            Assert.Equal(TreeModel.Of(_state), TreeModel.Of(Load(_driver.Snapshot!, zxid)));
        }

        Assert.Equal(5, _driver.Peer.Introspection.SnapshotsBegun);
    }

    [Fact]
    public void Snapshots_are_due_after_so_many_transactions()
    {
        var driver = new PeerDriver(new PeerOptions { SnapCount = 100 });
        var client = driver.Connect();
        for (var i = 0; i < 1_000; i++)
            client.Do(Ask.SetData("/", "x"));

        Assert.InRange(driver.Peer.Introspection.SnapshotsBegun, 9, 20);
    }

    [Fact]
    public void A_large_tree_is_not_written_again_before_the_log_has_grown_by_half_of_it()
    {
        var driver = new PeerDriver(new PeerOptions { SnapCount = 100 });
        var client = driver.Connect();
        var large = new string('x', 1_000_000);
        for (var i = 0; i < 24; i++)
            client.Do(Ask.Create($"/large-{i}", large));
        for (var i = 0; i < 200; i++)
            client.Do(Ask.SetData("/", "x"));
        var begun = driver.Peer.Introspection.SnapshotsBegun;
        Assert.Equal(1, begun);

        for (var i = 0; i < 1_000; i++)
            client.Do(Ask.SetData("/", "x"));
        Assert.Equal(begun, driver.Peer.Introspection.SnapshotsBegun);

        for (var i = 0; i < 12; i++)
            client.Do(Ask.SetData("/large-0", large));
        Assert.Equal(begun + 1, driver.Peer.Introspection.SnapshotsBegun);
    }

    [Fact]
    public void The_end_of_very_many_ephemerals_while_a_snapshot_waits_is_no_trouble()
    {
        var name = new string('n', 900);
        for (var i = 0; i < 25; i++)
            _client.Do(Ask.Multi([.. Enumerable.Range(0, 1_000).Select(j => Ask.Create($"/{name}-{i}-{j}", "", CreateMode.Ephemeral))]));
        var expected = TreeModel.Of(_state);
        var zxid = _driver.Peer.LastProcessed;
        _driver.SnapshotDiskIsSlow = true;
        _driver.Peer.BeginSnapshot();
        _driver.Collect();

        _client.Do(Ask.Close);
        _driver.SnapshotDiskIsSlow = false;
        _driver.Collect();

        Assert.Equal(expected, TreeModel.Of(Load(_driver.Snapshot!, zxid)));
    }

    private void Change(Prng prng, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var path = "/" + prng.Below(30);
            if (prng.Below(2) == 0)
                path += "/" + prng.Below(30);
            var acl = prng.Below(3) == 0
                ? [AclLine.Open, new AclLine((int)prng.Below(31), "digest", $"user{prng.Below(50)}:hash")]
                : new[] { AclLine.Open };
            _client.Call(prng.Below(6) switch
            {
                0 => Ask.Delete(path),
                1 => Ask.SetData(path, new string('x', (int)prng.Below(2_000))),
                2 => Ask.SetAcl(path, -1, acl),
                _ => Ask.Create(path, new string('y', (int)prng.Below(3_000)), CreateMode.Persistent, acl),
            });
        }
    }

    private static RecoveredState Load(byte[] snapshot, Zxid zxid)
    {
        var state = new RecoveredState(new PeerOptions());
        state.Load(zxid, handler => Read(snapshot, handler));
        return state;
    }

    // The parts that the peer writes; headers and seals are the disk's affair.
    private static void Read(byte[] snapshot, ISnapshotHandler handler)
    {
        var reader = new JuteReader(snapshot);
        for (var left = reader.ReadInt(); left > 0; left--)
            handler.OnSession(reader.ReadLong(), reader.ReadInt());
        for (var left = reader.ReadInt(); left > 0; left--)
            handler.OnAcl(reader.ReadLong(), JuteVector<Acl>.Read(ref reader));
        for (var path = reader.ReadBytes(); !path.Span.SequenceEqual("/"u8); path = reader.ReadBytes())
        {
            var data = reader.ReadBytes();
            handler.OnZnode(path, data, reader.ReadLong(), StatPersisted.Read(ref reader));
            Assert.False(reader.Malformed);
        }

        handler.OnDigest(new Zxid(reader.ReadLong()), reader.ReadInt(), reader.ReadLong());
        Assert.Equal(8, reader.Rest.Length);
        Assert.Equal(2, TreeDigest.Version);
    }
}
