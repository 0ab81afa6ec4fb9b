using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// Makes a data directory by hand, with whatever history a test wants. Each transaction makes a znode named by its number, so that a tree
/// tells which transactions it has.
/// </summary>
internal sealed class DataDirectory
{
    private readonly List<byte[]> _txns = [];
    private RecoveredState _tree = new(RecoveredDirectory.Options);

    public DataDirectory()
    {
        Disk.CreateDirectory(LogFiles.Directory);
        Snapshot(default);
    }

    /// <summary>What a server finds whose disk was lost: not even the tree that each begins with.</summary>
    public static DataDirectory Lost => new DataDirectory().Delete("snapshot.0");

    public MemoryDisk Disk { get; } = new();

    /// <summary>The znode that a transaction makes.</summary>
    public static string PathOf(Zxid zxid, string family = "n") => $"/{family}{zxid.Epoch}-{zxid.Counter}";

    public static byte[] TxnOf(Zxid zxid, string family = "n") => Txns.Create(zxid.Value, PathOf(zxid, family), -1);

    /// <summary>Transactions of one epoch, into a log file of their own.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="from">The first counter.</param>
    /// <param name="to">The last.</param>
    /// <param name="family">Another name makes other transactions of the same numbers.</param>
    public DataDirectory Log(int epoch, int from, int to, string family = "n")
    {
        using var log = new TxnLog(Disk, LogFiles.Directory, LogFiles.Padded);
        for (var counter = from; counter <= to; counter++)
        {
            var zxid = Z.Of(epoch, counter);
            log.Append(zxid, TxnOf(zxid, family));
            _txns.Add(TxnOf(zxid, family));
        }

        log.Sync();
        return this;
    }

    /// <summary>A snapshot of all transactions so far, under the name of a zxid.</summary>
    public DataDirectory Snapshot(Zxid name)
    {
        foreach (var txn in _txns)
            _tree.Replay(txn);
        _txns.Clear();
        _tree.Database.LastProcessed = name;
        var lane = new DiskLane();
        new SnapshotWriter(_tree.Database, lane, new Prng(1)).Begin();
        using var writer = new SnapshotFileWriter(Disk, LogFiles.Directory, name, SnapshotCompression.None);
        foreach (var effect in lane.Effects)
        {
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                writer.Write(effect.Bytes.Span);
            else if (effect.Kind == DiskEffectKind.SealSnapshot)
                writer.Seal();
        }

        writer.Complete();
        return Forget();
    }

    public DataDirectory Epochs(long accepted, long current)
    {
        new EpochFiles(Disk, LogFiles.Directory).SaveAccepted(accepted);
        new EpochFiles(Disk, LogFiles.Directory).SaveCurrent(current);
        return this;
    }

    public DataDirectory Delete(string name)
    {
        Disk.Delete(Path.Combine(LogFiles.Directory, name));
        Disk.SyncDirectory(LogFiles.Directory);
        return this;
    }

    // The walk of the snapshot holds on to the tree: the next begins from what the disk has.
    private DataDirectory Forget()
    {
        _tree = RecoveredDirectory.From(Disk.Copy()).State;
        return this;
    }
}

/// <summary>Zxids as they are spoken of: epoch, counter.</summary>
internal static class Z
{
    public static Zxid Of(int epoch, int counter) => new(((long)epoch << 32) | (uint)counter);
}
