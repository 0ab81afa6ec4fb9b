using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>What was whole once may have been promised, and is never passed over; what was never finished ends the log.</summary>
public class TxnLogDamageTests
{
    private const string Directory = LogFiles.Directory;
    private readonly MemoryDisk _disk = new();

    public static TheoryData<long, int> Layouts
    {
        get
        {
            var layouts = new TheoryData<long, int>();
            foreach (var preAllocSize in new[] { 0L, 8192L })
            {
                // Lengths that are powers of two become 0 with one flip; the others put records across borders of sectors.
                foreach (var length in new[] { 32, 64, 100, 473, 476, 479, 480, 487, 489, 700 })
                    layouts.Add(preAllocSize, length);
            }

            return layouts;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_flipped_bit_in_the_middle_is_refused(long preAllocSize, int length) => RefusesEveryFlipIn(1, preAllocSize, length);

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_flipped_bit_in_the_last_record_is_refused(long preAllocSize, int length) => RefusesEveryFlipIn(2, preAllocSize, length);

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_log_cut_anywhere_in_its_last_record_ends_before_it(long preAllocSize, int length)
    {
        var (path, txns) = WriteThree(preAllocSize, length);
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        for (var cut = offsets[2]; cut < offsets[3]; cut++)
        {
            _disk.Put(path, whole[..cut]);
            var (read, position, torn) = LogFiles.Read(_disk, path);

            LogFiles.AssertSame(txns.Take(2), read);
            Assert.Equal(offsets[2], position);

            // Zeros are nothing that was torn.
            Assert.Equal(whole.AsSpan(offsets[2], cut - offsets[2]).ContainsAnyExcept((byte)0), torn);
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_last_record_of_which_sectors_are_missing_ends_the_log(long preAllocSize, int length)
    {
        // What is reserved tells it from a file that was ended in order.
        var (path, txns) = WriteThree(Math.Max(preAllocSize, 4096), length);
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        for (var sector = offsets[2] / 512; sector * 512 < offsets[3]; sector++)
        {
            var torn = (byte[])whole.Clone();
            var start = Math.Max(sector * 512, offsets[2]);
            torn.AsSpan(start, Math.Min((sector + 1) * 512, torn.Length) - start).Clear();
            if (torn.AsSpan().SequenceEqual(whole))
                continue;
            _disk.Put(path, torn);

            var (read, position, _) = LogFiles.Read(_disk, path);
            LogFiles.AssertSame(txns.Take(2), read);
            Assert.Equal(offsets[2], position);
        }
    }

    [Fact]
    public void A_group_of_which_a_sector_is_missing_ends_where_it_is_missing()
    {
        // All of these were one write: that records after the hole are whole says nothing of it.
        var random = new Random(20260312);
        for (var length = 100; length < 160; length++)
        {
            var txns = Enumerable.Range(0, 30).Select(_ => LogFiles.Body(random, length)).ToArray();
            var path = LogFiles.Write(_disk, LogFiles.Padded, txns);
            var whole = _disk.Get(path);
            var offsets = LogFiles.Offsets(whole);
            for (var sector = 1; (sector + 1) * 512 < offsets[^1]; sector++)
            {
                var torn = (byte[])whole.Clone();
                torn.AsSpan(sector * 512, 512).Clear();
                _disk.Put(path, torn);

                var (read, _, isTorn) = LogFiles.Read(_disk, path);
                var firstHit = offsets.FindIndex(offset => offset > sector * 512) - 1;
                LogFiles.AssertSame(txns.Take(firstHit), read);
                Assert.True(isTorn);
            }
        }
    }

    [Fact]
    public void A_file_with_no_more_than_a_header_is_empty()
    {
        var path = $"{Directory}/log.1";
        var header = _disk.Get(LogFiles.Write(_disk, LogFiles.Unpadded, "x"u8.ToArray()))[..16];

        _disk.Put(path, header);
        Assert.Equal((0, 16L, false), Ending(path));
        _disk.Put(path, [.. header, .. new byte[5000]]);
        Assert.Equal((0, 16L, false), Ending(path));
        _disk.Put(path, []);
        Assert.Equal((0, 0L, false), Ending(path));
    }

    [Fact]
    public void A_file_that_never_got_its_header_is_empty()
    {
        var path = $"{Directory}/log.1";
        var header = _disk.Get(LogFiles.Write(_disk, LogFiles.Unpadded, "x"u8.ToArray()))[..16];

        for (var cut = 1; cut < 16; cut++)
        {
            _disk.Put(path, header[..cut]);
            Assert.Equal((0, 0L, true), Ending(path));
        }

        _disk.Put(path, new byte[8192]);
        Assert.Equal((0, 0L), Ending(path) is var (count, position, _) ? (count, position) : default);
    }

    [Fact]
    public void A_file_without_the_header_of_a_log_is_refused()
    {
        var (path, _) = WriteThree(8192, 700);
        var whole = _disk.Get(path);
        for (var bit = 0; bit < 32; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            AssertRefused(path, 0);
        }

        // A header that is missing from a file that has records: it was on disk before any of them.
        whole.AsSpan(0, 512).Clear();
        _disk.Put(path, whole);
        AssertRefused(path, 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8192)]
    public void A_transaction_longer_than_any_can_be_is_refused(long preAllocSize)
    {
        var body = LogFiles.Body(new Random(20260313), LogFiles.MaxTxn + 1);
        var path = LogFiles.Write(_disk, new TxnLogOptions(preAllocSize), "abc"u8.ToArray(), body);

        AssertRefused(path, 16 + 16);
    }

    private void RefusesEveryFlipIn(int record, long preAllocSize, int length)
    {
        var (path, _) = WriteThree(preAllocSize, length);
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        for (var bit = offsets[record] * 8; bit < offsets[record + 1] * 8; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            AssertRefused(path, offsets[record]);
        }
    }

    private (string Path, byte[][] Txns) WriteThree(long preAllocSize, int length)
    {
        var random = new Random(20260314);
        byte[][] txns = [LogFiles.Body(random, length), LogFiles.Body(random, length), LogFiles.Body(random, length)];
        return (LogFiles.Write(_disk, new TxnLogOptions(preAllocSize), txns), txns);
    }

    private (int Count, long Position, bool Torn) Ending(string path)
    {
        var (txns, position, torn) = LogFiles.Read(_disk, path);
        return (txns.Count, position, torn);
    }

    private void AssertRefused(string path, int offset)
    {
        var refusal = Assert.Throws<StorageException>(() => LogFiles.Read(_disk, path));
        Assert.StartsWith($"{path}: offset {offset}: ", refusal.Message, StringComparison.Ordinal);
    }
}
