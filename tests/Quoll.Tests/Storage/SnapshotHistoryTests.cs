using Quoll.Core;
using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Random histories: whatever happens while a snapshot is written, what is read back is the state at its beginning.</summary>
public class SnapshotHistoryTests
{
    [Theory]
    [InlineData(SnapshotCompression.None, 8)]
    [InlineData(SnapshotCompression.Gzip, 3)]
    [InlineData(SnapshotCompression.Snappy, 3)]
    public void A_snapshot_taken_while_changes_go_on_is_the_state_at_its_beginning(SnapshotCompression compression, int seeds)
    {
        var slices = 0;
        for (var seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk();
            using var server = new ServerOnDisk(disk, compression: compression);
            var clients = new RandomClients(server, random);
            for (var round = 0; round < 4; round++)
            {
                Change(server, clients, random, random.Next(60));
                slices += SnapshotAmidChanges(server, clients, random);
                AssertReadsBack(disk, server.SnapshotBegun, compression);
            }

            Assert.Empty(StateDump.WronglyCountedAcls(server.State));
        }

        Assert.True(slices > 0, "no snapshot took more than one slice");
    }

    [Fact]
    public void A_snapshot_with_a_pause_after_every_znode_is_the_state_at_its_beginning()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var random = new Random(seed);
            var txns = History(seed, 200);
            var state = new RecoveredState(RecoveredDirectory.Options);
            var next = random.Next(50, 120);
            txns.Take(next).ToList().ForEach(txn => state.Replay(txn));

            var dump = StateDump.Of(state);
            var cursor = state.Database.Tree.Snapshot;
            var file = new CursorFile(state, cursor);
            while (!cursor.Walk(1))
            {
                file.Take();
                for (var count = random.Next(4); count > 0 && next < txns.Count; count--)
                    state.Replay(txns[next++]);
            }

            file.Take();
            cursor.End();
            Assert.Equal(dump, file.ReadBack());
        }
    }

    [Fact]
    public void A_log_replayed_from_any_snapshot_comes_to_the_same_state()
    {
        var txns = History(99, 150);
        var whole = new RecoveredState(RecoveredDirectory.Options);
        txns.ForEach(txn => whole.Replay(txn));
        for (var from = 0; from < txns.Count; from += 7)
        {
            var state = new RecoveredState(RecoveredDirectory.Options);
            txns.Take(from).ToList().ForEach(txn => state.Replay(txn));
            var file = new CursorFile(state, state.Database.Tree.Snapshot);
            state.Database.Tree.Snapshot.Walk(int.MaxValue);
            file.Take();
            var loaded = file.Load();
            txns.Skip(from).ToList().ForEach(txn => loaded.Replay(txn));

            Assert.Equal(StateDump.Of(whole), StateDump.Of(loaded));
            Assert.Equal(0, loaded.DigestMismatches);
        }
    }

    // 4872: taking a snapshot must leave the state as it is.
    [Fact]
    public void ZOOKEEPER_4872_a_snapshot_changes_nothing()
    {
        using var server = new ServerOnDisk(new MemoryDisk());
        var random = new Random(4872);
        Change(server, new RandomClients(server, random), random, 100);
        var before = StateDump.Of(server.State);

        server.WriteSnapshot();

        Assert.Equal(before, StateDump.Of(server.State));
    }

    private static void Change(ServerOnDisk server, RandomClients clients, Random random, int count)
    {
        for (; count > 0; count--)
        {
            clients.Send();
            if (random.Next(3) == 0)
                server.Sync();
        }

        server.Sync();
    }

    /// <summary>Returns how many slices there were after the first.</summary>
    private static int SnapshotAmidChanges(ServerOnDisk server, RandomClients clients, Random random)
    {
        for (var under = random.Next(5); under > 0; under--)
            clients.Send();
        server.BeginSnapshot();
        var steps = 0;
        do
        {
            Change(server, clients, random, random.Next(12));
            steps++;
        }
        while (server.StepSnapshot());

        // Begin, bytes, "/", seal, digest, seal, last zxid, seal, end; and the step that found nothing to do.
        return steps - 10;
    }

    private static void AssertReadsBack(MemoryDisk disk, (Zxid Zxid, string Dump) begun, SnapshotCompression compression)
    {
        var path = Path.Combine(LogFiles.Directory, DataFiles.SnapshotName(begun.Zxid, compression));
        var state = new RecoveredState(RecoveredDirectory.Options);
        using var reader = new SnapshotReader(disk, path, 1024 * 1024);
        state.Load(begun.Zxid, reader.ReadAll);

        Assert.Equal(begun.Zxid, state.LastZxid);
        Assert.Equal(begun.Dump, StateDump.Of(state));
        Assert.Empty(StateDump.WronglyCountedAcls(state));
        Assert.Equal(0, state.DigestMismatches);
    }

    private static List<byte[]> History(int seed, int count)
    {
        var disk = new MemoryDisk();
        var random = new Random(seed);
        using (var server = new ServerOnDisk(disk))
            Change(server, new RandomClients(server, random, largestData: 100), random, count);
        return LogFiles.ReadAll(disk);
    }

    /// <summary>A snapshot made of what the cursor alone gives.</summary>
    private sealed class CursorFile
    {
        private readonly SnapshotCursor _cursor;
        private readonly List<byte[]> _slices = [];
        private readonly Zxid _zxid;

        public CursorFile(RecoveredState state, SnapshotCursor cursor)
        {
            _cursor = cursor;
            _zxid = state.LastZxid;
            var writer = new Quoll.Protocol.Jute.JuteWriter(cursor.Begin());
            writer.WriteInt(state.Database.Sessions.Count);
            foreach (var (id, timeout) in state.Database.Sessions)
            {
                writer.WriteLong(id);
                writer.WriteInt(timeout);
            }

            var lists = state.Database.Tree.Acls.All().ToList();
            writer.WriteInt(lists.Count);
            foreach (var (key, list) in lists)
            {
                writer.WriteLong(key);
                writer.Write(list.Vector);
            }

            writer.Commit();
        }

        public void Take() => _slices.AddRange(_cursor.TakeSlices().Select(slice => slice.ToArray()));

        public RecoveredState Load()
        {
            var disk = new MemoryDisk();
            using var file = new SnapshotFileWriter(disk, LogFiles.Directory, _zxid, SnapshotCompression.None);
            foreach (var slice in _slices)
                file.Write(slice);
            file.Write("\0\0\0\u0001/"u8);
            file.Seal();
            file.Complete();
            var state = new RecoveredState(RecoveredDirectory.Options);
            using var reader = new SnapshotReader(disk, file.FilePath, 1024 * 1024);
            state.Load(_zxid, reader.ReadAll);
            return state;
        }

        public string ReadBack() => StateDump.Of(Load());
    }
}
