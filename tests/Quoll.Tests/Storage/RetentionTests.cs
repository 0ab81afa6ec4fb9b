using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

public class RetentionTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void Few_snapshots_are_all_kept()
    {
        Snapshots(0, 5, 9);
        Logs(1, 6, 10);

        Assert.Empty(Purge(3));
        Assert.Equal(6, _disk.List(Directory).Count);
    }

    [Fact]
    public void The_newest_snapshots_are_kept_with_the_logs_after_the_oldest_of_them()
    {
        Snapshots(0, 5, 9, 14);
        Logs(1, 6, 10, 15);

        Assert.Equal(["log.1", "log.6", "snapshot.0", "snapshot.5"], Purge(2));
        Assert.Equal(["log.a", "log.f", "snapshot.9", "snapshot.e"], _disk.List(Directory));
    }

    [Fact]
    public void A_log_that_begins_before_a_snapshot_and_goes_on_after_it_is_kept()
    {
        Snapshots(0, 5, 9, 14);
        Logs(1, 8, 12);

        Assert.Equal(["log.1", "snapshot.0", "snapshot.5"], Purge(2));
        Assert.Equal(["log.8", "log.c", "snapshot.9", "snapshot.e"], _disk.List(Directory));
    }

    [Fact]
    public void Other_files_are_let_be()
    {
        Snapshots(0, 5, 9, 14);
        foreach (var name in new[] { "currentEpoch", "log.1.bak", "snapshot.gz", "writing.snapshot.1", "notes" })
            _disk.Put($"{Directory}/{name}", []);

        Assert.Equal(["snapshot.0", "snapshot.5", "snapshot.9"], Purge(1));
    }

    [Fact]
    public void What_was_deleted_stays_deleted()
    {
        Snapshots(0, 5, 9, 14);
        Purge(1);
        _disk.Crash(0);

        Assert.Equal(["snapshot.e"], _disk.List(Directory));
    }

    // 3231: half-written files are no reason to delete the last good one.
    [Fact]
    public void ZOOKEEPER_3231_a_snapshot_that_is_not_whole_does_not_count()
    {
        Snapshots(0, 5, 9, 14);
        Logs(1, 6, 10, 15);
        var whole = _disk.Get($"{Directory}/snapshot.9");
        _disk.Put($"{Directory}/snapshot.9", whole[..^6]);
        _disk.Put($"{Directory}/snapshot.e", []);
        _disk.Put($"{Directory}/snapshot.f.gz", [1]);
        _disk.Put($"{Directory}/snapshot.10.snappy", []);

        Assert.Equal(["log.1", "snapshot.0"], Purge(1));
    }

    [Theory]
    [InlineData(SnapshotCompression.None)]
    [InlineData(SnapshotCompression.Gzip)]
    [InlineData(SnapshotCompression.Snappy)]
    public void A_purge_never_changes_what_a_start_brings_back(SnapshotCompression compression)
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var disk = RandomDirectory(random, compression);
            var before = RecoveredDirectory.From(disk.Copy());
            var keep = random.Next(1, 5);
            var deleted = Retention.Purge(disk, Directory, Directory, keep);

            var after = RecoveredDirectory.From(disk);
            Assert.Equal(before.Dump, after.Dump);
            Assert.Equal(before.Report.LastZxid, after.Report.LastZxid);
            Assert.DoesNotContain(deleted, path => disk.List(Directory).Contains(Path.GetFileName(path)));
            Assert.Empty(Retention.Purge(disk, Directory, Directory, keep));
            AssertEveryKeptSnapshotIsOfUse(disk, after);
        }
    }

    // If the newest were lost, the older ones that were kept must do as well.
    private static void AssertEveryKeptSnapshotIsOfUse(MemoryDisk disk, RecoveredDirectory whole)
    {
        var snapshots = DataFiles.Snapshots(disk, Directory);
        foreach (var (_, path) in Enumerable.Reverse(snapshots.Skip(1)))
        {
            disk.Delete(path);
            Assert.Equal(whole.Dump, RecoveredDirectory.From(disk).Dump);
        }
    }

    // A server that takes a snapshot now and then; most end a log file, and some transactions are under way meanwhile.
    private static MemoryDisk RandomDirectory(Random random, SnapshotCompression compression)
    {
        var disk = new MemoryDisk();
        using var server = new ServerOnDisk(disk, compression: compression);
        var clients = new RandomClients(server, random, largestData: 50);
        for (var count = random.Next(8); count > 0; count--)
        {
            for (var under = random.Next(12); under > 0; under--)
                clients.Send();
            if (random.Next(2) == 0)
                server.Sync();
            server.WriteSnapshot();
            server.Sync();
        }

        return disk;
    }

    private void Snapshots(params long[] zxids)
    {
        foreach (var zxid in zxids)
            new SnapshotBuilder(zxid).Write(_disk);
    }

    private void Logs(params long[] zxids)
    {
        foreach (var zxid in zxids)
            _disk.Put($"{Directory}/{DataFiles.LogName(new Zxid(zxid))}", []);
    }

    private IEnumerable<string> Purge(int keep) =>
        Retention.Purge(_disk, Directory, Directory, keep).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
