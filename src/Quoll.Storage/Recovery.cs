using System.Buffers.Binary;
using System.Diagnostics;
using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>Takes what a data directory holds. A new one is made for each snapshot that is tried.</summary>
public interface IRecoveryTarget
{
    void Load(Zxid zxid, Action<ISnapshotHandler> source);

    void Replay(ReadOnlySpan<byte> txn);
}

/// <summary>What was found, for a line in the log.</summary>
public sealed record RecoveryReport
{
    /// <summary>The snapshot that was loaded; null if there was none.</summary>
    public string? Snapshot { get; init; }

    public Zxid SnapshotZxid { get; init; }

    public TimeSpan SnapshotTime { get; init; }

    public long Transactions { get; init; }

    public TimeSpan LogTime { get; init; }

    public Zxid LastZxid { get; init; }

    /// <summary>There was nothing: a new server.</summary>
    public bool Empty { get; init; }

    /// <summary>What was passed over or put right, each a sentence.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>
/// Brings back the state from the newest good snapshot and the log after it (<c>FileTxnSnapLog.restore</c>). It refuses to begin
/// where it would have to leave out something that may have been promised.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="snapshotDirectory">Where the snapshots are.</param>
/// <param name="logDirectory">Where the logs are.</param>
/// <param name="maxTxn">Longest transaction to be believed, in bytes.</param>
/// <param name="trustEmpty">Take a log without any snapshot (<c>snapshot.trust.empty</c>).</param>
public sealed class Recovery(IDisk disk, string snapshotDirectory, string logDirectory, int maxTxn, bool trustEmpty = false)
{
    private readonly List<string> _remarks = [];
    private (Zxid Zxid, string Path)? _newestUnusable;

    public (T Target, RecoveryReport Report) Run<T>(Func<T> newTarget)
        where T : IRecoveryTarget
    {
        SnapshotFileWriter.RemoveUnfinished(disk, snapshotDirectory);
        var logs = DataFiles.Logs(disk, logDirectory);
        var clock = Stopwatch.StartNew();
        var (target, snapshot, zxid) = LoadSnapshot(newTarget, logs.Count > 0);
        var snapshotTime = clock.Elapsed;
        clock.Restart();
        var (count, last) = ReplayLogs(target, logs, zxid);
        CheckReach(last);
        return (target, new RecoveryReport
        {
            Snapshot = snapshot,
            SnapshotZxid = zxid,
            SnapshotTime = snapshotTime,
            Transactions = count,
            LogTime = clock.Elapsed,
            LastZxid = last,
            Empty = snapshot is null && logs.Count == 0,
            Remarks = _remarks,
        });
    }

    private (T Target, string? Path, Zxid Zxid) LoadSnapshot<T>(Func<T> newTarget, bool hasLogs)
        where T : IRecoveryTarget
    {
        var candidates = DataFiles.Snapshots(disk, snapshotDirectory);
        for (var i = candidates.Count - 1; i >= 0; i--)
        {
            var (zxid, path) = candidates[i];
            var target = newTarget();
            try
            {
                using var reader = new SnapshotReader(disk, path, maxTxn);
                target.Load(zxid, reader.ReadAll);
                return (target, path, zxid);
            }
            catch (InvalidDataException e)
            {
                _remarks.Add($"passed over a snapshot that can't be used: {e.Message}");
                _newestUnusable ??= candidates[i];
            }
        }

        if (candidates.Count > 0)
            throw new StorageException($"none of the {candidates.Count} snapshots in {snapshotDirectory} can be used: {_remarks[0]}");
        if (hasLogs && !trustEmpty)
        {
            throw new StorageException(
                $"{logDirectory} has logs, but {snapshotDirectory} has no snapshot. If none was ever taken (3.4 and older), "
                + "start once with snapshot.trust.empty=true");
        }

        return (newTarget(), null, default);
    }

    private (long Count, Zxid Last) ReplayLogs<T>(T target, List<(Zxid Zxid, string Path)> logs, Zxid from)
        where T : IRecoveryTarget
    {
        // The last log that begins at or before the snapshot may still hold what comes after it.
        var first = Math.Max(logs.FindLastIndex(log => log.Zxid <= from.Next), 0);
        var count = 0L;
        var last = from;
        for (var i = first; i < logs.Count; i++)
        {
            using var reader = new TxnLogReader(disk, logs[i].Path, maxTxn);
            while (reader.TryRead(out var txn))
            {
                var zxid = ZxidOf(txn, logs[i].Path, reader.Position);
                if (zxid <= last)
                {
                    if (zxid > from)
                        _remarks.Add($"{logs[i].Path}: passed over {zxid}, which comes again after {last}");
                    continue;
                }

                CheckGap(last, zxid, logs[i].Path, isFirst: count == 0);
                Replay(target, txn, logs[i].Path, reader.Position);
                last = zxid;
                count++;
            }

            if (reader.Torn)
                CutOff(logs[i].Path, reader.Position, i == logs.Count - 1);
        }

        return (count, last);
    }

    private static void Replay<T>(T target, ReadOnlySpan<byte> txn, string path, long position)
        where T : IRecoveryTarget
    {
        try
        {
            target.Replay(txn);
        }
        catch (InvalidTransactionException e)
        {
            throw new StorageException($"{path}: before offset {position}: a transaction that can't be replayed: {e.Message}");
        }
    }

    // Within an epoch every number from 1 on is used. A hole means that a file is missing, and with it what was promised.
    private static void CheckGap(Zxid last, Zxid next, string path, bool isFirst)
    {
        if (next.Epoch == last.Epoch ? next == last.Next : next.Counter == 1)
            return;
        var what = isFirst ? "the snapshot ends at" : "the log goes from";
        throw new StorageException($"{path}: {what} {last}, but the next transaction is {next}: what is between is missing");
    }

    // That a snapshot has been taken proves that its transactions were logged, and may have been promised.
    private void CheckReach(Zxid last)
    {
        if (_newestUnusable is var (zxid, path) && last < zxid)
            throw new StorageException($"{path} can't be used, and the log ends at {last}: what is between that and {zxid} is missing");
    }

    private static Zxid ZxidOf(ReadOnlySpan<byte> txn, string path, long position) =>
        txn.Length >= 32
            ? new Zxid(BinaryPrimitives.ReadInt64BigEndian(txn[12..]))
            : throw new StorageException($"{path}: before offset {position}: a transaction of only {txn.Length} bytes");

    private void CutOff(string path, long position, bool isLast)
    {
        _remarks.Add($"{path}: offset {position}: the last write was cut short; nothing of it was ever confirmed");
        if (!isLast)
            return;

        // Else a later start, ours or Apache's, would meet it in the middle of the log.
        using var file = disk.Open(path);
        file.Truncate(position);
        file.Sync();
    }
}
