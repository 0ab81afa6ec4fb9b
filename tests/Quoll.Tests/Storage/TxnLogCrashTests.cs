using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

/// <summary>Random logs on a disk that loses what was not synced: what was promised is there, and nothing out of order.</summary>
public class TxnLogCrashTests
{
    private const string Directory = LogFiles.Directory;

    [Theory]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(100_000)]
    public void What_was_synced_is_read_back_after_every_crash(long preAllocSize)
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var options = new TxnLogOptions(preAllocSize, SizeLimit: random.Next(3) * 6000);
            var disk = new MemoryDisk();
            var appended = new List<byte[]>();
            var promised = AppendUntilFailure(disk, options, random, appended);
            disk.Crash(seed);

            var read = LogFiles.ReadAll(disk);
            Assert.InRange(read.Count, promised, appended.Count);
            LogFiles.AssertSame(appended.Take(read.Count), read);
        }
    }

    [Fact]
    public void A_log_that_crashed_again_and_again_has_all_that_was_ever_promised()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk();
            var known = new List<byte[]>();
            for (var life = 0; life < 8; life++)
            {
                var promised = AppendUntilFailure(disk, LogFiles.Padded, random, known);
                disk.Crash(random.Next());
                var recovered = Recover(disk);
                Assert.InRange(recovered.Count, promised, known.Count);
                LogFiles.AssertSame(known.Take(recovered.Count), recovered);
                known = recovered;
            }
        }
    }

    // Appends groups until a sync or a write fails, as a process would that dies there; returns how many were confirmed.
    private static int AppendUntilFailure(MemoryDisk disk, TxnLogOptions options, Random random, List<byte[]> known)
    {
        var promised = known.Count;
        if (random.Next(2) == 0)
            disk.SyncsLeft = random.Next(10);
        else
            disk.WritesLeft = random.Next(10);
        try
        {
            using var log = new TxnLog(disk, Directory, options);
            while (true)
            {
                for (var group = random.Next(1, 12); group > 0; group--)
                {
                    var txn = new byte[32 + (random.Next(3) == 0 ? random.Next(3000) : random.Next(200))];
                    random.NextBytes(txn);
                    known.Add(txn);
                    log.Append(new Zxid(known.Count), txn);
                }

                log.Sync();
                promised = known.Count;
                if (random.Next(5) == 0)
                    log.Roll();
            }
        }
        catch (IOException)
        {
            return promised;
        }
    }

    // What recovery does with the logs: read all, and cut what was torn off the last.
    private static List<byte[]> Recover(MemoryDisk disk)
    {
        var all = new List<byte[]>();
        foreach (var (_, path) in DataFiles.Logs(disk, Directory))
        {
            var (txns, position, torn) = LogFiles.Read(disk, path);
            all.AddRange(txns);
            if (torn)
                disk.Put(path, disk.Get(path)[..(int)position]);
        }

        return all;
    }
}
