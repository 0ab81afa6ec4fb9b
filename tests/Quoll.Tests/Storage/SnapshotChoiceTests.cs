using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Which snapshot a start takes when not all of them are good.</summary>
public class SnapshotChoiceTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    [Theory]
    [InlineData(SnapshotCompression.None)]
    [InlineData(SnapshotCompression.Gzip)]
    [InlineData(SnapshotCompression.Snappy)]
    public void A_damaged_snapshot_is_passed_over_for_an_older_one_whose_log_is_there(SnapshotCompression compression)
    {
        new SnapshotBuilder(2).Write(_disk, compression);
        var damaged = new SnapshotBuilder(6).Write(_disk, compression);
        Log(1, 8);
        var expected = RecoveredDirectory.From(_disk).Report.LastZxid;
        var whole = _disk.Get(damaged);
        for (var at = 20; at < whole.Length; at += 7)
        {
            _disk.Put(damaged, whole[..at]);
            var report = RecoveredDirectory.From(_disk).Report;

            Assert.Equal((new Zxid(2), expected), (report.SnapshotZxid, report.LastZxid));
            Assert.Contains($"{damaged}: offset ", Assert.Single(report.Remarks), StringComparison.Ordinal);
            if (compression == SnapshotCompression.Gzip && at > whole.Length - 25)
                break;
        }
    }

    [Fact]
    public void An_older_snapshot_is_refused_when_the_log_between_is_gone()
    {
        new SnapshotBuilder(2).Write(_disk);
        Damage(new SnapshotBuilder(6).Write(_disk));
        Log(7, 8);

        Assert.Contains("log.7", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_snapshot_is_refused_when_all_logs_after_it_are_gone()
    {
        new SnapshotBuilder(2).Write(_disk);
        var damaged = new SnapshotBuilder(6).Write(_disk);
        Damage(damaged);
        Log(1, 4);

        var refusal = Refusal();
        Assert.Contains(damaged, refusal, StringComparison.Ordinal);
        Assert.Contains("0x4", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_snapshot_is_refused_when_the_log_does_not_come_to_the_damaged_one()
    {
        new SnapshotBuilder(2).Write(_disk);
        Damage(new SnapshotBuilder(0x1_0000_0006).Write(_disk));
        Log(1, 8);

        Assert.Contains("0x100000006", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_has_everything_is_enough_when_every_snapshot_is_damaged()
    {
        var empty = new SnapshotBuilder(0).Write(_disk);
        _disk.Put(empty, []);
        Damage(new SnapshotBuilder(3).Write(_disk));
        Log(1, 8);

        var recovered = RecoveredDirectory.From(_disk);

        Assert.Equal((null, 8L), (recovered.Report.Snapshot, recovered.Report.Transactions));
        Assert.Equal(3, recovered.Report.Remarks.Count);
        Assert.NotNull(recovered.Znode("/n1"));
        Assert.NotNull(recovered.Znode("/n8"));
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(1, 2)]
    [InlineData(0x1_0000_0001, 0x1_0000_0005)]
    public void A_log_that_lacks_something_is_refused_when_every_snapshot_is_damaged(long first, long last)
    {
        Damage(new SnapshotBuilder(0).Write(_disk));
        Damage(new SnapshotBuilder(3).Write(_disk));
        Log(first, last);

        Assert.Contains("snapshot.3", Refusal(), StringComparison.Ordinal);
        Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk, trustEmpty: true));
    }

    [Fact]
    public void Damaged_snapshots_without_any_log_are_refused()
    {
        Damage(new SnapshotBuilder(0).Write(_disk));

        Assert.Contains("snapshot.0", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Remarks_on_very_many_snapshots_come_to_an_end()
    {
        new SnapshotBuilder(0).Write(_disk);
        for (var zxid = 1; zxid <= 80; zxid++)
            _disk.Put($"{Directory}/snapshot.{zxid:x}", []);
        Log(1, 80);

        var remarks = RecoveredDirectory.From(_disk).Report.Remarks;
        Assert.Equal(51, remarks.Count);
        Assert.Contains("30 remarks more", remarks[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_that_was_not_finished_is_removed_and_ignored()
    {
        new SnapshotBuilder(2).Write(_disk);
        _disk.Put($"{Directory}/writing.snapshot.6", _disk.Get($"{Directory}/snapshot.2"));
        _disk.Put($"{Directory}/snapshot.7.tmp", [1, 2, 3]);
        _disk.Put($"{Directory}/writing.snapshot.6.gz", []);

        var report = RecoveredDirectory.From(_disk).Report;

        Assert.Equal((new Zxid(2), 0), (report.SnapshotZxid, report.Remarks.Count));
        Assert.Equal(["snapshot.2", "snapshot.7.tmp"], _disk.List(Directory));
    }

    [Fact]
    public void A_failed_load_attempt_leaves_nothing_behind()
    {
        new SnapshotBuilder(2).Znode("/zookeeper", 0).Znode("/kept").Write(_disk);
        Log(1, 6);
        var expected = RecoveredDirectory.From(_disk).Dump;
        var newer = new SnapshotBuilder(6)
            .Session(0x666).Acl(1, new AclEntry(Permissions.Read, "ip", "6.6.6.6"))
            .Znode("/zookeeper", 0).Znode("/zookeeper/quota", 0).Znode("/foreign", aclKey: 1).Znode("/foreign/e", owner: 0x666)
            .Znode("/foreign/c", owner: long.MinValue).Znode("/foreign/t", owner: EphemeralOwner.OfTtl(1000))
            .Digest(6, 1).Write(_disk);
        var whole = _disk.Get(newer);
        for (var length = 0; length < whole.Length - 33; length++)
        {
            _disk.Put(newer, whole[..length]);
            var recovered = RecoveredDirectory.From(_disk);

            Assert.Equal(expected, recovered.Dump);
            Assert.Equal(0, recovered.State.Database.Tree.Owned.EphemeralCount);
            Assert.Equal((0, 0), (recovered.State.Database.Tree.Owned.FirstContainer, recovered.State.Database.Tree.Owned.FirstTtl));
            Assert.Empty(recovered.State.Database.Sessions);
            Assert.Null(recovered.State.Database.DigestThere);
        }
    }

    private void Damage(string path)
    {
        var bytes = _disk.Get(path);
        bytes[^6] ^= 1;
        _disk.Put(path, bytes);
    }

    private void Log(long first, long last)
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Unpadded);
        for (var zxid = first; zxid <= last; zxid++)
            log.Append(new Zxid(zxid), Txns.Create(zxid, $"/n{zxid}", -1));
        log.Sync();
    }

    private string Refusal() => Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk)).Message;
}
