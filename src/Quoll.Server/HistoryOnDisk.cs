using Microsoft.Extensions.Logging;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Server.Config;
using Quoll.Server.Peers;
using Quoll.Storage;

namespace Quoll.Server;

/// <summary>
/// What the data directory tells of the past, read as a start reads it, and changed when a leader has another. Used at the start, and then
/// by the log's thread alone, while the log is ended.
/// </summary>
internal sealed class HistoryOnDisk
{
    private readonly DataDirectory _directory;
    private readonly ServerConfig _config;
    private readonly PeerOptions _options;
    private readonly ILogger _logger;
    private readonly EpochFiles _epochs;
    private readonly HistoryFiles _files;

    public HistoryOnDisk(DataDirectory directory, ServerConfig config, PeerOptions options, ILogger logger)
    {
        _directory = directory;
        _config = config;
        _options = options;
        _logger = logger;
        _epochs = new EpochFiles(directory.Disk, directory.Snapshots);
        _files = new HistoryFiles(directory.Disk, directory.Snapshots, directory.Logs, config.Limits.MaxTxn);
    }

    /// <summary>Reads it all.</summary>
    /// <exception cref="StorageException">It can't be read, or contradicts itself.</exception>
    public (RecoveredState State, bool Empty) Read()
    {
        var recovery = new Recovery(
            _directory.Disk, _directory.Snapshots, _directory.Logs, _config.Limits.MaxTxn, _config.Storage.TrustEmptySnapshot);
        var (target, report) = recovery.Run(() => new Target(new RecoveredState(_options)));
        foreach (var remark in report.Remarks)
            _logger.RecoveryRemark(remark);
        var state = target.State;
        if (!report.Empty)
        {
            _logger.Recovered(
                state.ZnodeCount, state.SessionCount, report.LastZxid.ToString(), report.Snapshot ?? "no snapshot",
                (long)report.SnapshotTime.TotalMilliseconds, report.Transactions, (long)report.LogTime.TotalMilliseconds);
        }

        if (state.DigestMismatches > 0)
            _logger.ReplayDigestMismatches(state.DigestMismatches);
        if (_options.Ensemble is not null)
            (state.AcceptedEpoch, state.CurrentEpoch) = _epochs.Read(state.LastZxid);
        return (state, report.Empty);
    }

    public void SaveAcceptedEpoch(Zxid zxid) => _epochs.SaveAccepted(zxid.Epoch);

    public void SaveCurrentEpoch(Zxid zxid) => _epochs.SaveCurrent(zxid.Epoch);

    /// <summary>Drops what comes after a transaction.</summary>
    public void CutAfter(Zxid zxid)
    {
        if (_files.CutAfter(zxid))
            _logger.HistoryCut(zxid.ToString());
        else
            _logger.HistoryNotCut(zxid.ToString());
    }

    /// <summary>Drops everything but this snapshot, which the leader sent.</summary>
    public void KeepOnly(Zxid snapshot)
    {
        _files.KeepOnly(snapshot);
        _logger.HistoryAdopted(snapshot.ToString());
    }

    /// <summary>Joins the two who do not know each other: what storage finds goes into the core's state.</summary>
    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}
