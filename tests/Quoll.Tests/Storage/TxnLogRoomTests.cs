using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>A log on a disk that is small, or full.</summary>
public class TxnLogRoomTests
{
    private const string Directory = LogFiles.Directory;
    private const int Megabyte = 1024 * 1024;
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void A_disk_smaller_than_what_is_reserved_at_a_time_is_used_all_the_same()
    {
        _disk.Capacity = 3 * Megabyte;
        using var log = new TxnLog(_disk, Directory, new TxnLogOptions());
        Assert.True(log.HasRoomFor(Megabyte));

        var count = 0;
        while (log.TryAppend(new Zxid(count + 1), new byte[10_000]))
        {
            count++;
            log.Sync();
        }

        Assert.InRange(count, (2 * Megabyte) / 10_000, _disk.Capacity / 10_000);
        Assert.False(log.HasRoomFor(10_000));
        Assert.Equal(count, LogFiles.ReadAll(_disk).Count);
    }

    [Fact]
    public void A_full_disk_is_known_before_the_first_transaction()
    {
        _disk.Capacity = 10_000;
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);

        Assert.True(log.HasRoomFor(1000));
        Assert.False(log.HasRoomFor(20_000));
        Assert.False(log.TryAppend(new Zxid(1), new byte[20_000]));
        Assert.Empty(_disk.List(Directory));
        Assert.True(log.TryAppend(new Zxid(1), new byte[1000]));
    }

    [Fact]
    public void Without_room_for_a_new_file_the_old_one_goes_on()
    {
        _disk.Capacity = 16_384;
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        log.Append(new Zxid(1), new byte[100]);
        log.Sync();
        _disk.Put("/data/other", new byte[8192]);

        log.Roll();
        log.Append(new Zxid(2), new byte[100]);
        log.Sync();
        Assert.Equal(["log.1"], _disk.List(Directory));

        _disk.Delete("/data/other");
        log.Roll();
        log.Append(new Zxid(3), new byte[100]);
        log.Sync();
        Assert.Equal(["log.1", "log.3"], _disk.List(Directory));
        Assert.Equal(3, LogFiles.ReadAll(_disk).Count);
    }

    [Fact]
    public void A_file_that_was_ended_keeps_no_reserved_room()
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        log.Append(new Zxid(1), new byte[100]);
        log.Roll();
        log.Append(new Zxid(2), new byte[200]);
        log.End();

        Assert.Equal(16 + 113, _disk.Get($"{Directory}/log.1").Length);
        Assert.Equal(16 + 213, _disk.Get($"{Directory}/log.2").Length);
    }

    [Fact]
    public void No_more_is_written_between_two_syncs_than_a_torn_group_may_have()
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        log.Append(new Zxid(1), new byte[1]);
        log.Sync();
        var syncs = _disk.Syncs;
        for (var zxid = 2; zxid <= 51; zxid++)
        {
            log.Append(new Zxid(zxid), new byte[100_000]);
            Assert.InRange(log.Unwritten, 1, TxnLogFormat.MaxGroup);
        }

        log.Sync();
        Assert.Equal(syncs + 5, _disk.Syncs);
    }

    [Fact]
    public void Only_a_transaction_that_is_larger_itself_is_written_at_once()
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        log.Append(new Zxid(1), new byte[1]);
        log.Append(new Zxid(2), new byte[2 * Megabyte]);
        Assert.InRange(log.Unwritten, 2 * Megabyte, (2 * Megabyte) + 13);
        log.Append(new Zxid(3), new byte[1]);
        Assert.Equal(14, log.Unwritten);
    }
}
