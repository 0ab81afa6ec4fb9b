using System.Buffers.Binary;
using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>
/// Changes which history a directory tells, when a leader says so, and reads parts of it. None of it may be done while the log is open for
/// writing.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="snapshotDirectory">Where the snapshots are.</param>
/// <param name="logDirectory">Where the logs are.</param>
/// <param name="maxTxn">Longest transaction to be believed, in bytes.</param>
public sealed class HistoryFiles(IDisk disk, string snapshotDirectory, string logDirectory, int maxTxn)
{
    private const int ZxidOffset = 12;

    /// <summary>
    /// Drops what comes after a transaction. Snapshots go first: one that has more would bring it back (ZOOKEEPER-1549). A log is cut
    /// behind the last record up to that transaction, and deleted if nothing is left of it. False, with nothing changed, if all snapshots
    /// are newer, or what is left would end before that transaction, since a snapshot came from elsewhere and the log does not lead up to
    /// it: what comes before that transaction would be gone as well, and others may count on this server for it.
    /// </summary>
    public bool CutAfter(Zxid zxid)
    {
        var snapshots = DataFiles.Snapshots(disk, snapshotDirectory);
        if ((snapshots.Count > 0 && snapshots[0].Zxid > zxid) || !LeadsUpTo(zxid, snapshots))
            return false;
        foreach (var (_, path) in Enumerable.Reverse(snapshots).Where(snapshot => snapshot.Zxid > zxid))
            disk.Delete(path);
        disk.SyncDirectory(snapshotDirectory);
        foreach (var (first, path) in Enumerable.Reverse(DataFiles.Logs(disk, logDirectory)))
        {
            if (first > zxid)
            {
                disk.Delete(path);
                continue;
            }

            // A log that comes back behind one that was cut would make a hole between them.
            disk.SyncDirectory(logDirectory);
            if (!CutLog(path, zxid))
                break;
        }

        disk.SyncDirectory(logDirectory);
        return true;
    }

    /// <summary>
    /// The snapshot of this zxid is what a leader sent: all other snapshots, and all logs, are of a history that need not be its. They are
    /// deleted, the newest first, so that what a crash leaves of them is older than the snapshot.
    /// </summary>
    public void KeepOnly(Zxid snapshot)
    {
        var logs = Enumerable.Reverse(DataFiles.Logs(disk, logDirectory));
        var snapshots = DataFiles.Snapshots(disk, snapshotDirectory);
        if (!snapshots.Exists(there => there.Zxid == snapshot))
            throw new StorageException($"{snapshotDirectory} has no snapshot of {snapshot}, which was to replace all others");
        var others = Enumerable.Reverse(snapshots).Where(other => other.Zxid != snapshot);
        foreach (var (_, path) in logs.Concat(others).ToList())
            disk.Delete(path);
        disk.SyncDirectory(logDirectory);
        disk.SyncDirectory(snapshotDirectory);
    }

    /// <summary>
    /// Reads the transactions after one, up to another. False if the log does not have all of them, the first after
    /// <paramref name="after"/> among them.
    /// </summary>
    /// <param name="after">Begins behind this one.</param>
    /// <param name="upTo">Ends with this one.</param>
    /// <param name="take">Called with each; false ends the reading.</param>
    public bool Read(Zxid after, Zxid upTo, TxnTaker take)
    {
        var logs = DataFiles.Logs(disk, logDirectory);
        var last = after;
        for (var i = Math.Max(logs.FindLastIndex(log => log.Zxid <= after.Next), 0); i < logs.Count && last < upTo; i++)
        {
            using var reader = new TxnLogReader(disk, logs[i].Path, maxTxn);
            while (last < upTo && reader.TryRead(out var txn))
            {
                var zxid = ZxidOf(txn);
                if (zxid <= last)
                    continue;
                if (zxid.Epoch == last.Epoch ? zxid != last.Next : zxid.Counter != 1)
                    return false;
                if (!take(zxid, txn))
                    return false;
                last = zxid;
            }
        }

        return last == upTo;
    }

    // No log has the number that begins an epoch: where that is named, what comes next must follow, if there is anything.
    private bool LeadsUpTo(Zxid zxid, List<(Zxid Zxid, string Path)> snapshots)
    {
        var last = snapshots.FindLast(snapshot => snapshot.Zxid <= zxid).Zxid;
        var goesOn = false;
        Read(last, new Zxid(long.MaxValue), Take);
        return last == zxid || (zxid.Counter == 0 && (goesOn || !snapshots.Exists(snapshot => snapshot.Zxid > zxid)));

        bool Take(Zxid next, ReadOnlySpan<byte> txn)
        {
            goesOn = next > zxid;
            last = goesOn ? last : next;
            return !goesOn;
        }
    }

    // True if nothing is left of it.
    private bool CutLog(string path, Zxid zxid)
    {
        var end = 0L;
        using (var reader = new TxnLogReader(disk, path, maxTxn))
        {
            while (reader.TryRead(out var txn) && ZxidOf(txn) <= zxid)
                end = reader.Position;
        }

        if (end == 0)
        {
            disk.Delete(path);
            return true;
        }

        using var file = disk.Open(path);
        file.Truncate(end);
        file.Sync();
        return false;
    }

    private static Zxid ZxidOf(ReadOnlySpan<byte> txn) => new(BinaryPrimitives.ReadInt64BigEndian(txn[ZxidOffset..]));
}

/// <summary>Takes a transaction that was read from the log; false ends the reading.</summary>
public delegate bool TxnTaker(Zxid zxid, ReadOnlySpan<byte> txn);
