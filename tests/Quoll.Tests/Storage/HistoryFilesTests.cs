using Quoll.Protocol;
using Quoll.Storage;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Storage;

/// <summary>Changes of the history that a directory tells, and what a crash in the middle of them leaves.</summary>
public sealed class HistoryFilesTests
{
    [Theory]
    [InlineData(2, 2, "/n1-1 /n1-2 /n1-3 /n2-1 /n2-2")]
    [InlineData(2, 3, "/n1-1 /n1-2 /n1-3 /n2-1 /n2-2 /n2-3")]
    [InlineData(2, 0, "/n1-1 /n1-2 /n1-3")]
    [InlineData(1, 1, "/n1-1")]
    [InlineData(0, 0, "")]
    public void A_cut_leaves_what_is_up_to_it(int epoch, int counter, string left)
    {
        var disk = Several().Disk;

        Assert.True(Files(disk).CutAfter(Z.Of(epoch, counter)));

        Assert.Equal(left, Znodes(disk));
        Assert.DoesNotContain(DataFiles.Snapshots(disk, LogFiles.Directory), snapshot => snapshot.Zxid > Z.Of(epoch, counter));
        Assert.DoesNotContain(DataFiles.Logs(disk, LogFiles.Directory), log => log.Zxid > Z.Of(epoch, counter));
    }

    [Fact]
    public void A_cut_log_goes_on_behind_the_cut()
    {
        var disk = Several().Disk;
        Files(disk).CutAfter(Z.Of(2, 2));

        using (var log = new TxnLog(disk, LogFiles.Directory, LogFiles.Padded))
        {
            log.Append(Z.Of(3, 1), DataDirectory.TxnOf(Z.Of(3, 1)));
            log.Sync();
        }

        Assert.Equal("/n1-1 /n1-2 /n1-3 /n2-1 /n2-2 /n3-1", Znodes(disk));
    }

    [Fact]
    public void Nothing_is_cut_below_the_oldest_snapshot()
    {
        var disk = new DataDirectory().Log(1, 1, 3).Snapshot(Z.Of(1, 3)).Log(1, 4, 5).Delete("snapshot.0").Disk;
        var before = disk.List(LogFiles.Directory);

        Assert.False(Files(disk).CutAfter(Z.Of(1, 2)));

        Assert.Equal(before, disk.List(LogFiles.Directory));
        Assert.Equal("/n1-1 /n1-2 /n1-3 /n1-4 /n1-5", Znodes(disk));
    }

    /// <summary>A tree that a leader sent, and that was not yet taken for the whole history when the two parted.</summary>
    [Theory]
    [InlineData(3, 4)]
    [InlineData(3, 0)]
    public void Nothing_is_cut_where_the_log_does_not_lead_up_to_it(int epoch, int counter)
    {
        var disk = new DataDirectory().Log(1, 1, 3).Snapshot(Z.Of(1, 3)).Log(2, 1, 2).Snapshot(Z.Of(3, 5)).Disk;
        var before = disk.List(LogFiles.Directory);

        Assert.False(Files(disk).CutAfter(Z.Of(epoch, counter)));

        Assert.Equal(before, disk.List(LogFiles.Directory));
    }

    [Fact]
    public void A_crash_during_a_cut_leaves_a_history_that_begins_as_before()
    {
        const string Kept = "/n1-1 /n1-2 /n1-3 /n2-1 /n2-2";
        CrashingDisk.AtEach(Several().Disk, disk => Files(disk).CutAfter(Z.Of(2, 2)), after =>
        {
            Assert.StartsWith(Kept, Znodes(after.Copy()), StringComparison.Ordinal);
            Assert.True(Files(after).CutAfter(Z.Of(2, 2)));
            Assert.Equal(Kept, Znodes(after));
        });
    }

    [Fact]
    public void A_snapshot_that_replaces_all_others_is_all_there_is()
    {
        var disk = Several().Snapshot(Z.Of(4, 0)).Disk;

        Files(disk).KeepOnly(Z.Of(4, 0));

        Assert.Equal(["snapshot.400000000"], disk.List(LogFiles.Directory));
    }

    [Fact]
    public void A_snapshot_that_is_not_there_replaces_nothing()
    {
        var disk = Several().Disk;
        var before = disk.List(LogFiles.Directory);

        Assert.Throws<StorageException>(() => Files(disk).KeepOnly(Z.Of(4, 0)));

        Assert.Equal(before, disk.List(LogFiles.Directory));
    }

    // The tree is of 2|1, and its own log goes on to 2|4: what is left is one or the other, never a part.
    [Fact]
    public void A_crash_while_a_snapshot_replaces_all_others_leaves_the_old_history_or_the_new()
    {
        const string Tree = "/n1-1 /n1-2 /n1-3 /n2-1";
        var disk = new DataDirectory().Log(1, 1, 3).Log(2, 1, 1).Snapshot(Z.Of(2, 1)).Log(2, 2, 3).Log(2, 4, 4).Disk;
        CrashingDisk.AtEach(disk, copy => Files(copy).KeepOnly(Z.Of(2, 1)), after =>
        {
            Assert.StartsWith(Tree, Znodes(after.Copy()), StringComparison.Ordinal);
            Files(after).KeepOnly(Z.Of(2, 1));
            Assert.Equal(Tree, Znodes(after));
        });
    }

    [Theory]
    [InlineData(1, 1, 2, 3, "1-2 1-3 2-1 2-2 2-3")]
    [InlineData(2, 2, 2, 4, "2-3 2-4")]
    [InlineData(0, 0, 1, 2, "1-1 1-2")]
    [InlineData(2, 4, 2, 4, "")]
    public void A_part_of_the_log_is_read(int afterEpoch, int after, int toEpoch, int to, string expected)
    {
        var read = new List<string>();

        Assert.True(Files(Several().Disk).Read(Z.Of(afterEpoch, after), Z.Of(toEpoch, to), Take));

        Assert.Equal(expected, string.Join(' ', read));

        bool Take(Zxid zxid, ReadOnlySpan<byte> txn)
        {
            Assert.Equal(zxid, Txns.ZxidOf(txn.ToArray()));
            read.Add($"{zxid.Epoch}-{zxid.Counter}");
            return true;
        }
    }

    [Fact]
    public void A_part_that_the_log_lacks_is_told()
    {
        var gap = new DataDirectory().Log(1, 1, 2).Snapshot(Z.Of(1, 4)).Log(1, 5, 6).Disk;

        Assert.False(Files(gap).Read(Z.Of(1, 1), Z.Of(1, 6), static (_, _) => true));
        Assert.False(Files(gap).Read(Z.Of(1, 5), Z.Of(1, 7), static (_, _) => true));
        Assert.True(Files(gap).Read(Z.Of(1, 4), Z.Of(1, 6), static (_, _) => true));
    }

    private static DataDirectory Several() =>
        new DataDirectory().Log(1, 1, 3).Snapshot(Z.Of(1, 3)).Log(2, 1, 3).Snapshot(Z.Of(2, 3)).Log(2, 4, 4);

    private static HistoryFiles Files(IDisk disk) => new(disk, LogFiles.Directory, LogFiles.Directory, LogFiles.MaxTxn);

    private static string Znodes(MemoryDisk disk) => string.Join(' ', SteppedServer.Znodes(RecoveredDirectory.From(disk).State));
}
