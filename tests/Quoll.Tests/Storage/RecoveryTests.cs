using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

public class RecoveryTests
{
    private const string Directory = LogFiles.Directory;
    private const long Epoch2 = 0x2_0000_0000;
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void An_empty_directory_is_a_new_server()
    {
        var recovered = RecoveredDirectory.From(_disk);

        Assert.True(recovered.Report.Empty);
        Assert.Null(recovered.Report.Snapshot);
        Assert.Equal(default, recovered.Report.LastZxid);
        Assert.Equal(4, recovered.State.ZnodeCount);
    }

    [Fact]
    public void The_newest_snapshot_is_taken_and_the_log_after_it()
    {
        Snapshot(2);
        Snapshot(5);
        Log(1, 4);
        Log(5, 9);

        var recovered = RecoveredDirectory.From(_disk);
        var report = recovered.Report;

        Assert.Equal($"{Directory}/snapshot.5", report.Snapshot);
        Assert.Equal((new Zxid(5), 4L, new Zxid(9)), (report.SnapshotZxid, report.Transactions, report.LastZxid));
        Assert.Empty(report.Remarks);
        Assert.Null(recovered.Znode("/n5"));
        Assert.NotNull(recovered.Znode("/n6"));
        Assert.NotNull(recovered.Znode("/n9"));
    }

    [Fact]
    public void A_snapshot_without_a_log_is_enough()
    {
        Snapshot(5);

        Assert.Equal(new Zxid(5), RecoveredDirectory.From(_disk).Report.LastZxid);
    }

    [Fact]
    public void A_log_that_ends_before_the_snapshot_adds_nothing()
    {
        Snapshot(5);
        Log(1, 3);

        var report = RecoveredDirectory.From(_disk).Report;
        Assert.Equal((0L, new Zxid(5)), (report.Transactions, report.LastZxid));
    }

    [Fact]
    public void A_missing_log_between_the_snapshot_and_the_next_is_refused()
    {
        Snapshot(5);
        Log(1, 5);
        Log(8, 9);

        AssertRefused($"{Directory}/log.8", "0x5", "0x8");
    }

    [Fact]
    public void A_missing_log_between_two_others_is_refused()
    {
        Snapshot(0);
        Log(1, 5);
        Log(8, 9);

        AssertRefused($"{Directory}/log.8", "0x5", "0x8");
    }

    [Fact]
    public void A_missing_log_at_the_beginning_of_an_epoch_is_refused()
    {
        Snapshot(0);
        Log(1, 5);
        Log(Epoch2 + 3, Epoch2 + 4);

        AssertRefused($"{Directory}/log.200000003", "0x5", "0x200000003");
    }

    [Fact]
    public void A_new_epoch_follows_wherever_the_last_one_ended()
    {
        Snapshot(0);
        Log(1, 5);
        Log(Epoch2 + 1, Epoch2 + 4);

        Assert.Equal(new Zxid(Epoch2 + 4), RecoveredDirectory.From(_disk).Report.LastZxid);
    }

    [Fact]
    public void A_snapshot_in_a_new_epoch_is_followed_by_its_next_transaction()
    {
        Snapshot(Epoch2);
        Log(Epoch2 + 1, Epoch2 + 4);

        Assert.Equal(4, RecoveredDirectory.From(_disk).Report.Transactions);
    }

    [Fact]
    public void Transactions_that_come_again_are_passed_over_with_one_remark()
    {
        Snapshot(0);
        Log(1, 5);
        Log(4, 7, prefix: "/other");
        _disk.Rename($"{Directory}/log.4", $"{Directory}/log.6");

        var recovered = RecoveredDirectory.From(_disk);

        Assert.Equal((7L, new Zxid(7)), (recovered.Report.Transactions, recovered.Report.LastZxid));
        var remark = Assert.Single(recovered.Report.Remarks);
        Assert.StartsWith($"{Directory}/log.6: passed over 2 transactions, 0x4 to 0x5", remark, StringComparison.Ordinal);
        Assert.NotNull(recovered.Znode("/n4"));
        Assert.Null(recovered.Znode("/other4"));
        Assert.NotNull(recovered.Znode("/other6"));
    }

    [Fact]
    public void Logs_without_a_snapshot_are_refused_unless_they_are_trusted()
    {
        Log(1, 5);

        Assert.Contains("snapshot.trust.empty", Refusal(), StringComparison.Ordinal);
        var recovered = RecoveredDirectory.From(_disk, trustEmpty: true);
        Assert.Equal((5L, false), (recovered.Report.Transactions, recovered.Report.Empty));
    }

    [Fact]
    public void A_trusted_log_that_does_not_begin_at_the_beginning_is_refused()
    {
        Log(4, 5);

        Assert.Contains("log.4", Refusal(trustEmpty: true), StringComparison.Ordinal);
    }

    [Fact]
    public void A_torn_tail_is_cut_off_the_last_file()
    {
        Snapshot(0);
        Log(1, 5);
        var path = $"{Directory}/log.1";
        var whole = _disk.Get(path);
        var last = LogFiles.Offsets(whole)[4];
        _disk.Put(path, [.. whole[..(last + 20)], .. new byte[4000]]);

        var recovered = RecoveredDirectory.From(_disk);
        Assert.Equal(new Zxid(4), recovered.Report.LastZxid);
        Assert.StartsWith($"{path}: offset {last}: ", Assert.Single(recovered.Report.Remarks), StringComparison.Ordinal);

        _disk.Crash(1);
        Assert.Equal(whole[..last], _disk.Get(path));
        Assert.Empty(RecoveredDirectory.From(_disk).Report.Remarks);
    }

    [Fact]
    public void A_torn_tail_in_the_middle_of_the_logs_is_a_gap()
    {
        Snapshot(0);
        Log(1, 5);
        Log(6, 7);
        var whole = _disk.Get($"{Directory}/log.1");
        _disk.Put($"{Directory}/log.1", whole[..(LogFiles.Offsets(whole)[4] + 20)]);

        AssertRefused($"{Directory}/log.6", "0x4", "0x6");
    }

    [Fact]
    public void A_last_file_that_is_empty_or_has_only_a_header_is_passed_over()
    {
        Snapshot(0);
        Log(1, 5);
        var header = _disk.Get($"{Directory}/log.1")[..16];
        foreach (var bytes in new[] { [], header, [.. header, .. new byte[4080]], new byte[4096], header[..7] })
        {
            _disk.Put($"{Directory}/log.6", bytes);
            Assert.Equal(new Zxid(5), RecoveredDirectory.From(_disk).Report.LastZxid);
        }
    }

    [Fact]
    public void A_damaged_log_is_refused_with_its_name_and_the_place()
    {
        Snapshot(0);
        Log(1, 5);
        var path = $"{Directory}/log.1";
        var offset = LogFiles.Offsets(_disk.Get(path))[2];
        _disk.FlipBit(path, (offset + 30) * 8);

        Assert.StartsWith($"{path}: offset {offset}: ", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_transaction_too_short_to_be_one_is_refused()
    {
        Snapshot(0);
        LogFiles.Write(_disk, LogFiles.Unpadded, new byte[31]);

        Assert.StartsWith($"{Directory}/log.1: ", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_before_the_snapshot_is_not_read()
    {
        Snapshot(5);
        Log(1, 3);
        Log(4, 5);
        Log(6, 7);
        _disk.FlipBit($"{Directory}/log.1", 300);
        _disk.FlipBit($"{Directory}/log.4", 300);

        Assert.Equal(new Zxid(7), RecoveredDirectory.From(_disk).Report.LastZxid);
    }

    private void Snapshot(long zxid) => new SnapshotBuilder(zxid).Znode("/zookeeper", 0).Znode("/at" + zxid).Write(_disk);

    /// <summary>A file of creates, of /n1 by 1 and so on.</summary>
    private void Log(long first, long last, string prefix = "/n")
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Unpadded);
        for (var zxid = first; zxid <= last; zxid++)
            log.Append(new Zxid(zxid), Txns.Create(zxid, $"{prefix}{zxid:x}", -1));
        log.Sync();
    }

    private string Refusal(bool trustEmpty = false) =>
        Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk, trustEmpty: trustEmpty)).Message;

    private void AssertRefused(params string[] parts)
    {
        var refusal = Refusal();
        Assert.All(parts, part => Assert.Contains(part, refusal, StringComparison.Ordinal));
    }
}
