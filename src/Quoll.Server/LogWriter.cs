using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Server;

/// <summary>
/// Writes transactions on a thread of its own. All that came while the disk was busy goes with the next sync: the slower the disk,
/// the larger the groups.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    /// <summary>Room kept free ahead of the log; with less, the peer is told to take no more changes.</summary>
    private const long RoomKept = 4 * 1024 * 1024;

    private static readonly TimeSpan RoomCheckInterval = TimeSpan.FromSeconds(1);
    private readonly TxnLog _log;
    private readonly HistoryOnDisk _history;
    private readonly TimeSpan _slowSync;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _arrived = new(false);
    private List<DiskEffect> _incoming = [];
    private List<DiskEffect> _working = [];
    private Zxid _appended;
    private int _count;
    private bool _stopping;
    private bool _hasRoom = true;

    public LogWriter(TxnLog log, HistoryOnDisk history, TimeSpan slowSync)
    {
        _log = log;
        _history = history;
        _slowSync = slowSync;
        _thread = new Thread(Run) { Name = "quoll log", IsBackground = true };
    }

    public required Action<Exception> OnFailure { get; init; }

    public required Action<TimeSpan> OnSlowSync { get; init; }

    /// <summary>Set before <see cref="Start"/>: where to say what is on disk.</summary>
    public PeerLoop? Loop { get; set; }

    /// <summary>Set before <see cref="Start"/>: no snapshot may come to the directory while its history is changed or read again.</summary>
    public SnapshotThread? Snapshots { get; set; }

    /// <summary>Told the duration of each sync, on the log's thread.</summary>
    public required Action<TimeSpan> OnSynced { get; init; }

    /// <summary>True for what the snapshots' thread does; all else is done here, in order.</summary>
    public static bool IsForSnapshots(DiskEffectKind kind) => kind is DiskEffectKind.BeginSnapshot or DiskEffectKind.SnapshotBytes
        or DiskEffectKind.SealSnapshot or DiskEffectKind.EndSnapshot;

    public void Start() => _thread.Start();

    /// <summary>Takes the effects that are for the log. Their bytes stay valid until the peer was told that they are synced.</summary>
    public void Take(List<DiskEffect> effects)
    {
        lock (_gate)
        {
            var any = false;
            foreach (var effect in effects)
            {
                if (IsForSnapshots(effect.Kind))
                    continue;
                _incoming.Add(effect);
                any = true;
            }

            // Once the thread has ended nothing is written any more, and so nothing confirmed.
            if (any && !_stopping)
                _arrived.Set();
        }
    }

    /// <summary>Writes and syncs what has been taken, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }

        _arrived.Set();
        if (_thread.IsAlive)
            _thread.Join();
        _log.Dispose();
        _arrived.Dispose();
    }

    private void Run()
    {
        try
        {
            CheckRoom();
            while (true)
            {
                var more = TrySwap();
                if (more ? !WriteGroup() : _stopping)
                {
                    _log.End();
                    return;
                }

                if (!more)
                    _arrived.WaitOne(_hasRoom ? Timeout.InfiniteTimeSpan : RoomCheckInterval);
                CheckRoom();
            }
        }
#pragma warning disable CA1031 // A log that can't be written ends the server, whatever the reason.
        catch (Exception e)
#pragma warning restore CA1031
        {
            OnFailure(e);
        }
    }

    private bool TrySwap()
    {
        lock (_gate)
        {
            (_incoming, _working) = (_working, _incoming);
        }

        return _working.Count > 0;
    }

    /// <summary>False if it was stopped while something had no room: nothing may be written behind what was left out.</summary>
    private bool WriteGroup()
    {
        var all = true;
        foreach (var effect in _working)
        {
            if (effect.Kind == DiskEffectKind.Append)
                all = all && TryAppend(effect);
            else if (all)
                Perform(effect);
        }

        _working.Clear();
        Sync();
        return all;
    }

    private void Perform(in DiskEffect effect)
    {
        if (effect.Kind == DiskEffectKind.RollLog)
        {
            _log.Roll();
            return;
        }

        Sync();
        switch (effect.Kind)
        {
            case DiskEffectKind.SaveAcceptedEpoch:
                _history.SaveAcceptedEpoch(effect.Zxid);
                Loop!.Tell(peer => peer.OnEpochSaved());
                break;
            case DiskEffectKind.SaveCurrentEpoch:
                _history.SaveCurrentEpoch(effect.Zxid);
                Loop!.Tell(peer => peer.OnEpochSaved());
                break;
            case DiskEffectKind.AdoptSnapshot:
                _log.End();
                _history.KeepOnly(effect.Zxid);
                Loop!.Tell(peer => peer.OnHistoryAdopted());
                break;
            case DiskEffectKind.Truncate or DiskEffectKind.Reload:
                Reload(effect);
                break;
            default:
                throw new InvalidOperationException($"{effect.Kind} is not for the log");
        }
    }

    private void Reload(in DiskEffect effect)
    {
        _log.End();
        Snapshots!.WaitUntilAbandoned();
        if (effect.Kind == DiskEffectKind.Truncate)
            _history.CutAfter(effect.Zxid);
        var (state, _) = _history.Read();
        Loop!.Tell(peer => peer.OnReloaded(state));
    }

    // More may be under way than room is kept for. It waits, and nothing of it is confirmed until it is on disk.
    private bool TryAppend(in DiskEffect effect)
    {
        while (!_log.TryAppend(effect.Zxid, effect.Bytes.Span))
        {
            Sync();
            TellRoom(false);
            if (_stopping)
                return false;
            _arrived.WaitOne(RoomCheckInterval);
        }

        _appended = effect.Zxid;
        _count++;
        return true;
    }

    private void Sync()
    {
        if (_count == 0)
            return;
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        _log.Sync();
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(start);
        OnSynced(took);
        if (took > _slowSync)
            OnSlowSync(took);

        // What is now on disk is answered from here, if nobody runs the peer: waking another thread for it would take longer.
        Loop!.Post(new Input(InputKind.Synced, null, _appended.Value));
        _count = 0;
    }

    private void CheckRoom() => TellRoom(_log.HasRoomFor(RoomKept));

    private void TellRoom(bool hasRoom)
    {
        if (hasRoom == _hasRoom)
            return;
        _hasRoom = hasRoom;
        Loop!.Post(new Input(InputKind.DiskRoom, null, hasRoom ? 1 : 0));
    }
}
