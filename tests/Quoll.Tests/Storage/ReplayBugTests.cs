using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>
/// Bugs that Apache's server had, or has, where a log is replayed over a snapshot that already has part of it. Each is named by its
/// number in Apache's tracker.
/// </summary>
public class ReplayBugTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    // A delete replayed for a znode that is gone lowered the parent's pzxid.
    [Theory]
    [InlineData(9)]
    [InlineData(6)]
    [InlineData(3)]
    public void ZOOKEEPER_3125_a_replayed_delete_raises_pzxid_and_never_lowers_it(long pzxid)
    {
        Snapshot(5).Znode("/p", 1, cversion: 4, pzxid: pzxid).Write(_disk);
        Log(Txns.SetData(6, "/p", "x", 1), Txns.Delete(7, "/p/gone"));

        Assert.Equal(Math.Max(pzxid, 7), StatOf("/p").Pzxid);
        Assert.Equal(4, StatOf("/p").Cversion);
    }

    // A snapshot was named by a multi of which it had only the first part; the rest was never replayed.
    [Fact]
    public void ZOOKEEPER_3127_a_multi_is_counted_once_all_of_it_is_applied()
    {
        Snapshot(5).Znode("/a", 6).Write(_disk);
        Log(Txns.Multi(6, Txns.Create(6, "/a", 2), Txns.Create(6, "/b", 3), Txns.SetData(6, "/a", "set", 1)));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(new Zxid(6), recovered.Report.LastZxid);
        Assert.NotNull(recovered.Znode("/b"));
        Assert.Equal(1, StatOf("/a").Version);
    }

    [Fact]
    public void ZOOKEEPER_3127_a_snapshot_named_by_a_multi_has_all_of_it()
    {
        using (var server = new ServerOnDisk(_disk))
        {
            var client = server.Connect();
            server.Sync();
            Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Multi, static (ref writer) =>
            {
                foreach (var path in new[] { "/a"u8.ToArray(), "/b"u8.ToArray() })
                {
                    writer.Write(new MultiHeader((int)OpCode.Create, false, -1));
                    writer.Write(new CreateRequest(path, default, new AclList(Txns.Open).Vector, 0));
                }

                writer.Write(new MultiHeader(-1, true, -1));
            }));
            server.WriteSnapshot();
        }

        _disk.Delete($"{Directory}/log.1");
        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(new Zxid(2), recovered.Report.SnapshotZxid);
        Assert.NotNull(recovered.Znode("/a"));
        Assert.NotNull(recovered.Znode("/b"));
    }

    // A snapshot had an ephemeral, but not its session, which therefore never ended.
    [Fact]
    public void ZOOKEEPER_3144_an_ephemeral_in_a_snapshot_has_its_session()
    {
        using (var server = new ServerOnDisk(_disk))
        {
            server.BeginSnapshot();
            var client = server.Connect();
            server.Sync();
            Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Create, static (ref writer) =>
                writer.Write(new CreateRequest("/e"u8.ToArray(), default, new AclList(Txns.Open).Vector, (int)CreateMode.Ephemeral))));
            while (server.StepSnapshot())
            {
            }
        }

        Assert.Empty(new SnapshotAlone(_disk, "snapshot.0").Sessions);
        Assert.Equal(0, new SnapshotAlone(_disk, "snapshot.0").Ephemerals);
        var recovered = RecoveredDirectory.From(_disk);
        Assert.Single(recovered.State.Database.Sessions);
        Assert.Equal(1, recovered.State.Database.Tree.Owned.CountOf(recovered.State.Database.Sessions.Keys.Single()));
    }

    [Fact]
    public void ZOOKEEPER_3144_a_session_that_a_snapshot_lacks_comes_with_the_log()
    {
        Snapshot(5).Znode("/e", 7, owner: 0x1001).Write(_disk);
        Log(Txns.CreateSession(6, 0x1001, 8000), Txns.Create(7, "/e", 2, owner: 0x1001));

        var database = RecoveredDirectory.From(_disk).State.Database;
        Assert.Equal(8000, database.Sessions[0x1001]);
        Assert.Equal(1, database.Tree.Owned.CountOf(0x1001));
    }

    // The ephemerals were gone already when the end of their session was replayed; the parent's pzxid stayed behind.
    [Fact]
    public void ZOOKEEPER_3145_a_replayed_end_of_a_session_raises_pzxid_though_its_ephemerals_are_gone()
    {
        Snapshot(5).Session(0x1001).Znode("/p", 1, cversion: 2, pzxid: 3).Znode("/p/other", 2, owner: 0x1002).Session(0x1002).Write(_disk);
        Log(Txns.CloseSession(6, 0x1001, "/p/gone", "/p/gone2"));

        var database = RecoveredDirectory.From(_disk).State.Database;
        Assert.Equal(6, StatOf("/p").Pzxid);
        Assert.Equal([0x1002L], database.Sessions.Keys);
        Assert.Equal(1, database.Tree.Owned.EphemeralCount);
    }

    // A replayed create lowered the parent's counter, and names of sequential znodes came again.
    [Fact]
    public void ZOOKEEPER_3249_a_replayed_create_never_lowers_the_parents_counter()
    {
        Snapshot(5).Znode("/p", 1, cversion: 7, pzxid: 12).Znode("/p/a", 6).Write(_disk);
        Log(Txns.Create(6, "/p/a", 5), Txns.Create(7, "/p/b", 6));

        Assert.Equal((7, 12L), (StatOf("/p").Cversion, StatOf("/p").Pzxid));
    }

    [Theory]
    [InlineData(OpCode.Create)]
    [InlineData(OpCode.Create2)]
    [InlineData(OpCode.CreateContainer)]
    [InlineData(OpCode.CreateTtl)]
    public void A_replayed_create_of_any_kind_raises_the_parents_counter_though_the_znode_exists(OpCode kind)
    {
        Snapshot(5).Znode("/p", 1, cversion: 1, pzxid: 2).Znode("/p/a", 6).Write(_disk);
        Log(kind switch
        {
            OpCode.Create2 => Txns.Create2(6, "/p/a", 2),
            OpCode.CreateContainer => Txns.CreateContainer(6, "/p/a", 2),
            OpCode.CreateTtl => Txns.CreateTtl(6, "/p/a", 2),
            _ => Txns.Create(6, "/p/a", 2),
        });

        Assert.Equal((2, 6L), (StatOf("/p").Cversion, StatOf("/p").Pzxid));
    }

    // After a restart the counter began where the snapshot had it, and sequential names came again.
    [Fact]
    public void ZOOKEEPER_1046_sequential_names_go_on_after_a_restart()
    {
        var names = new List<string>();
        for (var life = 0; life < 4; life++)
        {
            using var server = new ServerOnDisk(_disk);
            var client = server.Connect();
            server.Sync();
            for (var i = 0; i < 3; i++)
            {
                const int Sequential = (int)CreateMode.PersistentSequential;
                Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Create, static (ref writer) =>
                    writer.Write(new CreateRequest("/q-"u8.ToArray(), default, new AclList(Txns.Open).Vector, Sequential))));
                names.Add($"/q-{names.Count:D10}");
                Assert.NotNull(StateDump.Of(server.State, names[^1]));

                // What was created is deleted, so that only the counter can tell.
                var name = System.Text.Encoding.ASCII.GetBytes(names[^1]);
                Assert.Equal(ErrorCode.Ok, server.Ask(client, OpCode.Delete, (ref writer) => writer.Write(new DeleteRequest(name, -1))));
                if (i == life)
                    server.WriteSnapshot();
            }
        }
    }

    [Fact]
    public void ZOOKEEPER_1046_a_create_of_an_old_log_counts_one_more()
    {
        Snapshot(5).Znode("/p", 1, cversion: 3).Write(_disk);
        Log(Txns.CreateV0(6, "/p/a"), Txns.CreateV0(7, "/p/b"));

        Assert.Equal((5, 7L), (StatOf("/p").Cversion, StatOf("/p").Pzxid));
    }

    // A single check was logged, and no server could read that log again.
    [Fact]
    public void ZOOKEEPER_2623_a_check_alone_is_refused_and_not_logged()
    {
        using var server = new ServerOnDisk(_disk);
        var client = server.Connect();
        server.Sync();
        var before = server.State.LastZxid;

        Assert.Equal(ErrorCode.Unimplemented, server.Ask(client, OpCode.Check, static (ref writer) =>
            writer.Write(new CheckVersionRequest("/zookeeper"u8.ToArray(), 0))));
        Assert.Equal(before, server.State.LastZxid);
        Assert.Equal(1, RecoveredDirectory.From(_disk).Report.Transactions);
    }

    [Fact]
    public void ZOOKEEPER_2623_a_log_with_a_check_alone_can_be_read()
    {
        Snapshot(5).Write(_disk);
        Log(Txns.Check(6, "/zookeeper", 1), Txns.Create(7, "/after", 2));

        Assert.NotNull(RecoveredDirectory.From(_disk).Znode("/after"));
    }

    // Digests told of states that the snapshot was ahead of, and differences were reported that were none.
    [Fact]
    public void While_a_snapshot_is_ahead_of_the_log_digests_are_not_compared()
    {
        Snapshot(5).Znode("/a", 6).Znode("/b", 7).Digest(7, DigestOfBoth()).Write(_disk);
        Log(Txns.WithDigest(Txns.Create(6, "/a", 1), 666), Txns.WithDigest(Txns.Create(7, "/b", 2), 667));

        Assert.Equal(0, RecoveredDirectory.From(_disk).State.DigestMismatches);
    }

    [Fact]
    public void A_digest_that_is_wrong_where_the_snapshots_lead_ends_is_noticed()
    {
        Snapshot(5).Znode("/a", 6).Znode("/b", 7).Digest(7, DigestOfBoth() + 1).Write(_disk);
        Log(Txns.Create(6, "/a", 1), Txns.Create(7, "/b", 2));

        Assert.Equal(1, RecoveredDirectory.From(_disk).State.DigestMismatches);
    }

    // The two options that decide what follows the header differ between members, or were changed: 12 bytes are a digest.
    [Fact]
    public void The_end_of_a_session_without_paths_may_have_a_digest()
    {
        Snapshot(5).Session(0x1001).Znode("/p", 1, cversion: 1).Znode("/p/e", 2, owner: 0x1001).Write(_disk);
        Log(
            Txns.WithDigest(Txns.Of(6, OpCode.CloseSession, static (ref _) => { }, session: 0x1001), 0x1_51c6d660),
            Txns.Create(7, "/after", 2));

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Null(recovered.Znode("/p/e"));
        Assert.Empty(recovered.State.Database.Sessions);
        Assert.NotNull(recovered.Znode("/after"));
    }

    [Fact]
    public void A_session_can_end_when_its_paths_are_not_logged()
    {
        using (var server = new ServerOnDisk(_disk, RecoveredDirectory.Options with { CloseSessionTxnEnabled = false }))
        {
            var client = server.Connect();
            server.Sync();
            server.Ask(client, OpCode.Create, static (ref writer) =>
                writer.Write(new CreateRequest("/e"u8.ToArray(), default, new AclList(Txns.Open).Vector, (int)CreateMode.Ephemeral)));
            server.Ask(client, OpCode.CloseSession, static (ref _) => { });
            Assert.Equal(0, server.State.SessionCount);
        }

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Null(recovered.Znode("/e"));
        Assert.Equal((0, 0L), (recovered.State.SessionCount, recovered.State.DigestMismatches));
    }

    private static SnapshotBuilder Snapshot(long zxid) => new SnapshotBuilder(zxid).Znode("/zookeeper", 0);

    private void Log(params byte[][] txns)
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        foreach (var txn in txns)
            log.Append(Txns.ZxidOf(txn), txn);
        log.Sync();
    }

    private StatPersisted StatOf(string path)
    {
        var tree = RecoveredDirectory.From(_disk).State.Database.Tree;
        return tree.PersistedStatOf(tree.Find(System.Text.Encoding.UTF8.GetBytes(path)));
    }

    // Of what the log and the snapshot of the two tests above come to, where nothing is compared.
    private static ulong DigestOfBoth()
    {
        var disk = new MemoryDisk();
        Snapshot(5).Znode("/a", 6).Znode("/b", 7).Write(disk);
        using (var log = new TxnLog(disk, Directory, LogFiles.Padded))
        {
            log.Append(new Zxid(6), Txns.Create(6, "/a", 1));
            log.Append(new Zxid(7), Txns.Create(7, "/b", 2));
            log.Sync();
        }

        return RecoveredDirectory.From(disk).State.Digest;
    }

    /// <summary>What one snapshot alone has.</summary>
    private sealed class SnapshotAlone
    {
        private readonly Quoll.Core.RecoveredState _state = new(RecoveredDirectory.Options);

        public SnapshotAlone(MemoryDisk disk, string name)
        {
            using var reader = new SnapshotReader(disk, $"{Directory}/{name}", 1024 * 1024);
            _state.Load(default, reader.ReadAll);
        }

        public IEnumerable<long> Sessions => _state.Database.Sessions.Keys;

        public int Ephemerals => _state.Database.Tree.Owned.EphemeralCount;
    }
}
