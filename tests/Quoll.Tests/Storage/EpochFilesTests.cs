using System.Text;
using Quoll.Storage;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Storage;

/// <summary>The files <c>acceptedEpoch</c> and <c>currentEpoch</c>, as Apache's server writes and reads them.</summary>
public sealed class EpochFilesTests
{
    [Fact]
    public void An_epoch_is_a_decimal_number_without_an_end_of_line()
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(12);
        Files(disk).SaveCurrent(11);

        Assert.Equal("12", Text(disk, "acceptedEpoch"));
        Assert.Equal("11", Text(disk, "currentEpoch"));
        Assert.Equal((12, 11), Files(disk).Read(Z.Of(11, 5)));
    }

    [Theory]
    [InlineData("7\n", 7)]
    [InlineData("7\r\n", 7)]
    [InlineData("0", 0)]
    public void A_number_that_somebody_has_edited_is_read(string text, long epoch)
    {
        var disk = NewDisk();
        Put(disk, "acceptedEpoch", text);
        Put(disk, "currentEpoch", text);

        Assert.Equal((epoch, epoch), Files(disk).Read(default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("7 8")]
    [InlineData("99999999999999999999999")]
    public void What_is_no_number_is_refused(string text)
    {
        var disk = NewDisk();
        Put(disk, "currentEpoch", text);

        Assert.Throws<StorageException>(() => Files(disk).Read(default));
    }

    [Fact]
    public void Missing_files_are_of_the_epoch_of_the_history()
    {
        Assert.Equal((0, 0), Files(NewDisk()).Read(default));
        Assert.Equal((5, 5), Files(NewDisk()).Read(Z.Of(5, 3)));
    }

    [Fact]
    public void ZOOKEEPER_2354_epochs_that_a_crash_has_left_behind_the_history_are_raised_to_it()
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(4);
        Files(disk).SaveCurrent(3);
        Assert.Equal((4, 4), Files(disk).Read(Z.Of(4, 2)));

        Files(disk).SaveAccepted(3);
        Assert.Equal((4, 4), Files(disk).Read(Z.Of(4, 0)));
    }

    [Fact]
    public void ZOOKEEPER_2307_an_epoch_taken_and_never_promised_is_refused()
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(3);
        Files(disk).SaveCurrent(5);

        Assert.Throws<StorageException>(() => Files(disk).Read(Z.Of(3, 1)));
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(3, 3)]
    [InlineData(9, 4)]
    public void ZOOKEEPER_4269_an_epoch_written_and_not_renamed_counts_if_the_history_is_of_it(long written, long current)
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(4);
        Files(disk).SaveCurrent(3);
        Put(disk, "currentEpoch.tmp", $"{written}");

        // Only the history tells whether it was taken: one of epoch 3 leaves it at 3, whatever is under the other name.
        Assert.Equal((4, Math.Min(current, 3)), Files(disk).Read(Z.Of(3, 7)));
        Assert.Equal((4, 4), Files(disk).Read(Z.Of(4, 1)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_crash_while_an_epoch_is_saved_leaves_the_old_one_or_the_new(bool accepted)
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(4);
        Files(disk).SaveCurrent(3);
        CrashingDisk.AtEach(disk, Save, after =>
        {
            var (promised, taken) = Files(after).Read(Z.Of(3, 1));
            Assert.InRange(promised, 4, accepted ? 5 : 4);
            Assert.InRange(taken, 3, accepted ? 3 : 4);
        });

        void Save(IDisk to)
        {
            if (accepted)
                Files(to).SaveAccepted(5);
            else
                Files(to).SaveCurrent(4);
        }
    }

    [Fact]
    public void An_epoch_that_was_saved_is_there_after_a_crash()
    {
        var disk = NewDisk();
        Files(disk).SaveAccepted(4);
        Files(disk).SaveCurrent(4);

        for (var seed = 0; seed < 5; seed++)
        {
            disk.Crash(seed);
            Assert.Equal((4, 4), Files(disk).Read(Z.Of(3, 1)));
        }
    }

    private static MemoryDisk NewDisk()
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(LogFiles.Directory);
        return disk;
    }

    private static EpochFiles Files(IDisk disk) => new(disk, LogFiles.Directory);

    private static void Put(MemoryDisk disk, string name, string text) =>
        disk.Put(Path.Combine(LogFiles.Directory, name), Encoding.ASCII.GetBytes(text));

    private static string Text(MemoryDisk disk, string name) =>
        Encoding.ASCII.GetString(disk.Get(Path.Combine(LogFiles.Directory, name)));
}
