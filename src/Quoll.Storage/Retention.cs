using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>Deletes snapshots and logs that are no longer needed (<c>PurgeTxnLog</c>).</summary>
public static class Retention
{
    /// <summary>
    /// Keeps the newest whole snapshots and every log that may hold something after the oldest of them. Returns what was deleted.
    /// </summary>
    public static IReadOnlyList<string> Purge(IDisk disk, string snapshotDirectory, string logDirectory, int keep)
    {
        var snapshots = DataFiles.Snapshots(disk, snapshotDirectory);
        var oldest = IndexOfOldestKept(disk, snapshots, keep);
        if (oldest <= 0)
            return [];
        var oldestKept = snapshots[oldest].Zxid;
        var logs = DataFiles.Logs(disk, logDirectory);
        var firstNeeded = logs.FindLastIndex(log => log.Zxid <= oldestKept.Next);
        var doomed = snapshots.Take(oldest)
            .Concat(logs.Take(Math.Max(firstNeeded, 0)))
            .Select(file => file.Path)
            .ToList();
        foreach (var path in doomed)
            disk.Delete(path);
        disk.SyncDirectory(snapshotDirectory);
        if (logDirectory != snapshotDirectory)
            disk.SyncDirectory(logDirectory);
        return doomed;
    }

    // An Apache server that crashed may have left half a snapshot under a good name: it stays, and does not count.
    private static int IndexOfOldestKept(IDisk disk, List<(Zxid Zxid, string Path)> snapshots, int keep)
    {
        for (var i = snapshots.Count - 1; i >= 0; i--)
        {
            if (SnapshotReader.LooksWhole(disk, snapshots[i].Path) && --keep == 0)
                return i;
        }

        return -1;
    }
}
