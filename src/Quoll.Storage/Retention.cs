
namespace Quoll.Storage;

/// <summary>Deletes snapshots and logs that are no longer needed (<c>PurgeTxnLog</c>).</summary>
public static class Retention
{
    /// <summary>
    /// Keeps the newest snapshots and every log that may hold something after the oldest of them. Returns what was deleted.
    /// </summary>
    public static IReadOnlyList<string> Purge(IDisk disk, string snapshotDirectory, string logDirectory, int keep)
    {
        var snapshots = DataFiles.Snapshots(disk, snapshotDirectory);
        if (snapshots.Count <= keep)
            return [];
        var oldestKept = snapshots[^keep].Zxid;
        var logs = DataFiles.Logs(disk, logDirectory);
        var firstNeeded = logs.FindLastIndex(log => log.Zxid <= oldestKept.Next);
        var doomed = snapshots.Take(snapshots.Count - keep)
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
}
