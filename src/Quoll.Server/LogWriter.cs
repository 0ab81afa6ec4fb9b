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
    private readonly TimeSpan _slowSync;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _arrived = new(false);
    private List<DiskEffect> _incoming = [];
    private List<DiskEffect> _working = [];
    private bool _stopping;
    private bool _hasRoom = true;

    public LogWriter(TxnLog log, TimeSpan slowSync)
    {
        _log = log;
        _slowSync = slowSync;
        _thread = new Thread(Run) { Name = "quoll log", IsBackground = true };
    }

    public required Action<Exception> OnFailure { get; init; }

    public required Action<TimeSpan> OnSlowSync { get; init; }

    /// <summary>Set before <see cref="Start"/>: where to say what is on disk.</summary>
    public PeerLoop? Loop { get; set; }

    /// <summary>Told the duration of each sync, on the log's thread.</summary>
    public required Action<TimeSpan> OnSynced { get; init; }

    public void Start() => _thread.Start();

    /// <summary>Takes the effects that are for the log. Their bytes stay valid until the peer was told that they are synced.</summary>
    public void Take(List<DiskEffect> effects)
    {
        lock (_gate)
        {
            var any = false;
            foreach (var effect in effects)
            {
                if (effect.Kind is not (DiskEffectKind.Append or DiskEffectKind.RollLog))
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
            while (true)
            {
                var more = TrySwap();
                if (!more && _stopping)
                    return;
                if (more)
                    WriteGroup();
                else
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

    private void WriteGroup()
    {
        Zxid last = default;
        var count = 0;
        foreach (var effect in _working)
        {
            if (effect.Kind == DiskEffectKind.RollLog)
            {
                _log.Roll();
                continue;
            }

            _log.Append(effect.Zxid, effect.Bytes.Span);
            last = effect.Zxid;
            count++;
        }

        _working.Clear();
        if (last == default)
            return;
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        _log.Sync();
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(start);
        OnSynced(took);
        if (took > _slowSync)
            OnSlowSync(took);

        // Under load this thread goes on writing while another works on what is now on disk; a lone change is answered from here.
        var synced = new Input(InputKind.Synced, null, last.Value);
        if (count > 1)
            Loop!.PostAside(synced);
        else
            Loop!.Post(synced);
    }

    private void CheckRoom()
    {
        var hasRoom = _log.HasRoomFor(RoomKept);
        if (hasRoom == _hasRoom)
            return;
        _hasRoom = hasRoom;
        Loop!.Post(new Input(InputKind.DiskRoom, null, hasRoom ? 1 : 0));
    }
}
