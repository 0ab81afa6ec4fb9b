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
    private readonly RecoveryRemarks _remarks = new();
    private (Zxid Zxid, string Path)? _newestUnusable;

    public (T Target, RecoveryReport Report) Run<T>(Func<T> newTarget)
        where T : IRecoveryTarget
    {
        SnapshotFileWriter.RemoveUnfinished(disk, snapshotDirectory);
        SnapshotFileWriter.RemoveUnfinished(disk, logDirectory);
        var logs = DataFiles.Logs(disk, logDirectory);
        var clock = Stopwatch.StartNew();
        var (target, snapshot, zxid) = LoadSnapshot(newTarget, logs);
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
            Remarks = _remarks.ToList(),
        });
    }

    private (T Target, string? Path, Zxid Zxid) LoadSnapshot<T>(Func<T> newTarget, List<(Zxid Zxid, string Path)> logs)
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
            CheckLogHasAll(candidates.Count, logs);
        else if (logs.Count > 0 && !trustEmpty)
        {
            throw new StorageException(
                $"{logDirectory} has logs, but {snapshotDirectory} has no snapshot. If none was ever taken (3.4 and older), "
                + "start once with snapshot.trust.empty=true");
        }

        return (newTarget(), null, default);
    }

    // A log from the very first transaction on has everything, if it comes to where the newest of the snapshots was taken.
    private void CheckLogHasAll(int snapshots, List<(Zxid Zxid, string Path)> logs)
    {
        if (logs.Count == 0 || logs[0].Zxid != default(Zxid).Next)
        {
            throw new StorageException(
                $"none of the {snapshots} snapshots in {snapshotDirectory} can be used, and {logDirectory} has no log that goes back to "
                + $"the first transaction: restore a snapshot and the logs after it from a copy. {_remarks.First}");
        }

        _remarks.Add($"none of the {snapshots} snapshots can be used; the log goes back to the first transaction, and is taken alone");
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
            var here = new Zxid(logs[i].Zxid.Value - 1);   // a file is named by its first transaction
            var start = reader.Position;
            while (reader.TryRead(out var txn))
            {
                var zxid = ZxidOf(txn, logs[i].Path, start);
                here = zxid;
                if (zxid > last)
                {
                    CheckGap(last, zxid, logs[i].Path, isFirst: count == 0);
                    Replay(target, txn, logs[i].Path, start, zxid);
                    last = zxid;
                    count++;
                }
                else if (zxid > from)
                {
                    _remarks.AddRepeated(logs[i].Path, zxid, last);
                }

                start = reader.Position;
            }

            CheckEnd(reader, logs[i].Path, here, from);
            if (i == logs.Count - 1)
                MakeLast(logs[i].Path, reader.Position);
        }

        return (count, last);
    }

    // Whatever a transaction is that can't be applied, its file and its place are what helps.
    private static void Replay<T>(T target, ReadOnlySpan<byte> txn, string path, long offset, Zxid zxid)
        where T : IRecoveryTarget
    {
        try
        {
            target.Replay(txn);
        }
        catch (Exception e)
        {
            throw new StorageException(
                $"{path}: offset {offset}: the transaction {zxid} is whole, but can't be applied: {e.Message}. Whoever wrote it made a "
                + "mistake: restore the file from a copy, or start the version that wrote it", e);
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

    private static Zxid ZxidOf(ReadOnlySpan<byte> txn, string path, long offset) =>
        txn.Length >= 32
            ? new Zxid(BinaryPrimitives.ReadInt64BigEndian(txn[12..]))
            : throw new StorageException($"{path}: offset {offset}: a transaction of only {txn.Length} bytes");

    private void CheckEnd(TxnLogReader reader, string path, Zxid lastHere, Zxid snapshot)
    {
        if (!reader.Torn)
            return;

        // A snapshot has only what was synced before; so what is torn before its end was not torn by a crash.
        if (reader.IsFollowed && lastHere < snapshot)
        {
            throw new StorageException(
                $"{path}: offset {reader.Position}: a record that is not whole, of a transaction that the snapshot of {snapshot} has. "
                + "The file is damaged, and changes that were confirmed may be in it: restore it from a copy");
        }

        _remarks.Add(
            $"{path}: offset {reader.Position}: the last write was cut short, as a crash does, and is left out"
            + (reader.IsFollowed ? ", with what is whole of it behind that place" : "") + "; nothing of it was confirmed");
    }

    // What was cut short is cut off: else a later start, ours or Apache's, would meet it in the middle of the log. The room that
    // was reserved is given back, and what a process that was killed had written is synced before anybody is told of it.
    private void MakeLast(string path, long end)
    {
        using var file = disk.Open(path);
        if (file.Length > end)
            file.Truncate(end);
        file.Sync();
    }
}
