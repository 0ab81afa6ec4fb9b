using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>What looks like the trace of a crash and is not one: it may have been promised, and is refused.</summary>
public class TxnLogTearTests
{
    private const string Directory = LogFiles.Directory;
    private const int Sector = 512;
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void A_hole_further_from_the_end_than_one_write_goes_is_refused()
    {
        var random = new Random(20260401);
        var path = LogFiles.Write(_disk, LogFiles.Padded, [.. Enumerable.Range(0, 1200).Select(_ => LogFiles.Body(random, 1000))]);
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        var hit = offsets.FindIndex(offset => offset > offsets[^1] - (1024 * 1024)) - 2;

        Zero(path, whole, (offsets[hit] / Sector) + 1);
        AssertRefused(path, offsets[hit]);

        // Nearer to it, a crash in the middle of that write explains it.
        Zero(path, whole, (offsets[hit + 4] / Sector) + 1);
        Assert.Equal((hit + 4, true), LogFiles.Read(_disk, path) is var (txns, _, torn) ? (txns.Count, torn) : default);
    }

    [Fact]
    public void A_hole_in_a_file_that_was_ended_in_order_is_refused()
    {
        var random = new Random(20260402);
        foreach (var length in new[] { 100, 473, 487, 700, 2000 })
        {
            var path = WriteAndEnd([.. Enumerable.Range(0, 12).Select(_ => LogFiles.Body(random, length))]);
            var whole = _disk.Get(path);
            var offsets = LogFiles.Offsets(whole);
            Assert.Equal(whole.Length, offsets[^1]);
            for (var sector = 1; (sector + 1) * Sector <= whole.Length; sector++)
            {
                Zero(path, whole, sector);
                AssertRefused(path, offsets.Last(offset => offset <= sector * Sector));
            }
        }
    }

    [Fact]
    public void One_flipped_bit_is_told_from_a_sector_that_was_not_written()
    {
        // A transaction may have sectors full of zeros of its own.
        var random = new Random(20260403);
        byte[] zeros = [.. LogFiles.Body(random, 40), .. new byte[1400], .. LogFiles.Body(random, 60)];
        var path = LogFiles.Write(_disk, LogFiles.Padded, LogFiles.Body(random, 100), zeros);
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        for (var bit = offsets[1] * 8; bit < offsets[2] * 8; bit++)
        {
            _disk.Put(path, whole);
            _disk.FlipBit(path, bit);
            AssertRefused(path, offsets[1]);
        }
    }

    [Fact]
    public void A_record_that_seems_to_go_on_past_whole_ones_is_refused()
    {
        var random = new Random(20260404);
        var path = LogFiles.Write(
            _disk, LogFiles.Padded, LogFiles.Body(random, 100), LogFiles.Body(random, 200), LogFiles.Body(random, 300));
        var bytes = _disk.Get(path);
        var offset = LogFiles.Offsets(bytes)[1];

        // Two things are wrong with it: no length makes it whole.
        bytes[offset + 10] = 0x40;
        bytes[offset + 30] ^= 0xFF;
        _disk.Put(path, bytes);

        AssertRefused(path, offset);
    }

    [Fact]
    public void A_hole_in_what_a_snapshot_has_is_refused()
    {
        new SnapshotBuilder(0).Znode("/zookeeper", 0).Write(_disk);
        new SnapshotBuilder(20).Znode("/zookeeper", 0).Write(_disk);
        using (var log = new TxnLog(_disk, Directory, LogFiles.Padded))
        {
            for (var zxid = 1; zxid <= 40; zxid++)
                log.Append(new Zxid(zxid), Txns.Create(zxid, $"/n{zxid}", -1));
            log.Sync();
        }

        var path = $"{Directory}/log.1";
        var whole = _disk.Get(path);
        var offsets = LogFiles.Offsets(whole);
        foreach (var sector in Enumerable.Range(1, (offsets[^1] / Sector) - 2))
        {
            Zero(path, whole, sector);
            var hit = offsets.FindLastIndex(offset => offset <= sector * Sector);
            if (hit < 20)
                Assert.Contains($"{path}: offset {offsets[hit]}: ", Refusal(), StringComparison.Ordinal);
            else
                Assert.Equal(new Zxid(hit), RecoveredDirectory.From(_disk.Copy()).Report.LastZxid);
        }
    }

    [Fact]
    public void A_hole_in_the_first_record_of_a_file_after_a_snapshot_is_the_trace_of_a_crash()
    {
        new SnapshotBuilder(20).Znode("/zookeeper", 0).Write(_disk);
        using (var log = new TxnLog(_disk, Directory, LogFiles.Padded))
        {
            for (var zxid = 21; zxid <= 24; zxid++)
                log.Append(new Zxid(zxid), Txns.Create(zxid, $"/n{zxid}" + new string('x', 2 * Sector), -1));
            log.Sync();
        }

        var path = $"{Directory}/log.15";
        Zero(path, _disk.Get(path), 1);

        Assert.Equal(new Zxid(20), RecoveredDirectory.From(_disk).Report.LastZxid);
    }

    [Fact]
    public void A_refusal_says_what_to_do()
    {
        var random = new Random(20260405);
        var path = LogFiles.Write(_disk, LogFiles.Padded, LogFiles.Body(random, 100), LogFiles.Body(random, 100));
        _disk.FlipBit(path, (16 + 40) * 8);

        var refusal = Assert.Throws<StorageException>(() => LogFiles.Read(_disk, path)).Message;
        Assert.Contains("restore it from a copy", refusal, StringComparison.Ordinal);
        Assert.Contains($"truncate -s 16 {path}", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_only_look_like_records_do_not_take_forever()
    {
        // Every fourth byte begins what could be a long record; none is whole.
        var random = new Random(20260406);
        var body = new byte[LogFiles.MaxTxn];
        for (var at = 0; at + 13 < body.Length; at += 13)
        {
            body[at + 10] = 0x10;
            body[at + 12] = TxnLogFormat.EndOfRecord;
        }

        var path = LogFiles.Write(_disk, LogFiles.Padded, LogFiles.Body(random, 100), body);
        var bytes = _disk.Get(path);
        bytes[16 + 113 + 4] ^= 0x55;
        _disk.Put(path, bytes);

        AssertRefused(path, 16 + 113);
    }

    private string WriteAndEnd(params byte[][] txns)
    {
        using var log = new TxnLog(_disk, Directory, LogFiles.Padded);
        var zxid = 1L;
        foreach (var txn in txns)
            log.Append(new Zxid(zxid++), txn);
        log.End();
        return $"{Directory}/log.1";
    }

    private void Zero(string path, byte[] whole, int sector)
    {
        var bytes = (byte[])whole.Clone();
        bytes.AsSpan(sector * Sector, Sector).Clear();
        _disk.Put(path, bytes);
    }

    private string Refusal() => Assert.Throws<StorageException>(() => RecoveredDirectory.From(_disk)).Message;

    private void AssertRefused(string path, int offset)
    {
        var refusal = Assert.Throws<StorageException>(() => LogFiles.Read(_disk, path));
        Assert.StartsWith($"{path}: offset {offset}: ", refusal.Message, StringComparison.Ordinal);
    }
}
