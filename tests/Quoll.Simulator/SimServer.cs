using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>A server: the real peer, log, snapshots and recovery, on a disk in memory that takes its time and may lose its power.</summary>
#pragma warning disable CA1001 // Files in memory need no end; a crash has none.
internal sealed class SimServer(Simulation simulation, long id)
{
#pragma warning restore CA1001
    public const string Directory = "/data/version-2";
    private const int MaxTxn = 1024 * 1024;
    private readonly Queue<DiskEffect> _logEffects = new();
    private readonly Queue<DiskEffect> _snapshotEffects = new();
    private readonly List<SimLinkEnd> _parked = [];
    private TxnLog? _log;
    private SnapshotFileWriter? _snapshot;
    private bool _logBusy;
    private bool _snapshotBusy;

    public long Id { get; } = id;

    public MemoryDisk Disk { get; private set; } = NewDisk();

    /// <summary>Null while it is down.</summary>
    public QuorumPeer? Peer { get; private set; }

    /// <summary>Goes up with each start and each crash: what belongs to an earlier life is void.</summary>
    public int Life { get; private set; }

    public PeerOptions Options { get; } = new()
    {
        Seed = (ulong)id,
        ServerId = id,
        Ensemble = simulation.Config,
        TickTime = 200,
        MinSessionTimeout = 2000,
        MaxSessionTimeout = 20_000,
        SnapCount = 200,
        MaxTxn = MaxTxn,
    };

    private Instant Clock => new(simulation.Now / 1000);

    private long WallClock => 1_700_000_000_000 + (simulation.Now / 1000);

    /// <summary>Starts it; if the disk fails meanwhile, again a little later, as who runs it would.</summary>
    public void Start()
    {
        if (Peer is not null)
            return;
        try
        {
            Life++;
            Begin();
        }
        catch (IOException e)
        {
            simulation.Say($"{Id} does not start: {e.Message}");
            Peer = null;
            Disk.Crash(simulation.Random.Next());
            simulation.After(simulation.Between(100_000, 500_000), Start);
        }
    }

    private void Begin()
    {
        var (state, empty) = Recover();
        Peer = new QuorumPeer(Options, state, Clock, WallClock);
        _log = new TxnLog(Disk, Directory, new TxnLogOptions(64 * 1024));
        if (empty)
            WriteFirstSnapshot();
        simulation.Say($"{Id} starts with {state.LastZxid}, epochs {state.AcceptedEpoch} and {state.CurrentEpoch}");
        Drain();
        Tick(Life);
        simulation.Network.OnStarted(this);
    }

    /// <summary>The power goes: what was not synced is lost, or half of it.</summary>
    public void Crash()
    {
        if (Peer is null)
            return;
        simulation.Say($"{Id} crashes");
        Peer = null;
        Life++;
        _logEffects.Clear();
        _snapshotEffects.Clear();
        _parked.Clear();
        _logBusy = _snapshotBusy = false;
        _snapshot = null;
        _log = null;
        Disk.Crash(simulation.Random.Next());
        simulation.Network.OnStopped(this);
    }

    /// <summary>An input for the peer, and what comes of it.</summary>
    public void Do(Action<QuorumPeer> input)
    {
        if (Peer is not { } peer)
            return;
        peer.Advance(Clock, WallClock);
        input(peer);
        Drain();
        var parked = _parked.ToArray();
        _parked.Clear();
        foreach (var end in parked)
            Feed(end);
    }

    /// <summary>Gives the peer what has come on a link, as far as it takes it.</summary>
    public void Feed(SimLinkEnd end)
    {
        if (Peer is not { } peer || end.Closed || end.Inbox.Count == 0)
            return;
        var bytes = end.Inbox.ToArray();
        var taken = peer.OnBytes(end.Link!, bytes);
        end.Inbox.RemoveRange(0, taken);
        if (end.Inbox.Count > 0 && !_parked.Contains(end))
            _parked.Add(end);
        Drain();
    }

    /// <summary>What the directory has, read as a start would.</summary>
    public (RecoveredState State, bool Empty) Recover()
    {
        var recovery = new Recovery(Disk, Directory, Directory, MaxTxn);
        var (target, report) = recovery.Run(() => new Target(new RecoveredState(Options)));
        var state = target.State;
        (state.AcceptedEpoch, state.CurrentEpoch) = new EpochFiles(Disk, Directory).Read(state.LastZxid);
        return (state, report.Empty);
    }

    private static MemoryDisk NewDisk()
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory(Directory);
        return disk;
    }

    private void Tick(int life)
    {
        if (life != Life)
            return;
        Do(_ => { });
        simulation.After(20_000, () => Tick(life));
    }

    private void Drain()
    {
        while (Peer is { } peer)
        {
            Dispatch(peer.Outbox);
            if (!peer.HasMore)
                break;
            peer.Advance(Clock, WallClock);
        }
    }

    private void Dispatch(Outbox outbox)
    {
        foreach (var notice in outbox.Notices)
            simulation.Say($"{Id} {notice.Kind} {notice.Id:x} {notice.Text}");
        foreach (var effect in outbox.Disk.Effects)
        {
            if (effect.Kind == DiskEffectKind.Append)
                simulation.Record(Id, effect.Zxid.Value, effect.Bytes.Span);
            var forSnapshots = effect.Kind is DiskEffectKind.BeginSnapshot or DiskEffectKind.SnapshotBytes
                or DiskEffectKind.SealSnapshot or DiskEffectKind.EndSnapshot;
            (forSnapshots ? _snapshotEffects : _logEffects).Enqueue(effect);
        }

        foreach (var effect in outbox.Clients.Effects)
        {
            var client = (SimClient)effect.Client.Host!;
            if (effect.Kind == ClientEffectKind.Close)
                client.OnClosed(effect.Client);
            else
                client.OnBytes(effect.Client, outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length).ToArray());
        }

        foreach (var effect in outbox.Peers.Effects)
            simulation.Network.Take(this, effect, outbox.Peers.Bytes.Written.Slice(effect.Offset, effect.Length));
        outbox.Clear();
        WakeDisk();
    }

    private void WakeDisk()
    {
        var life = Life;
        if (_logEffects.Count > 0 && !_logBusy)
        {
            _logBusy = true;
            simulation.After(simulation.Between(100, simulation.Chance(0.02) ? 50_000 : 2_000), () => RunDisk(life, RunLog));
        }

        if (_snapshotEffects.Count > 0 && !_snapshotBusy)
        {
            _snapshotBusy = true;
            simulation.After(simulation.Between(100, 5_000), () => RunDisk(life, RunSnapshots));
        }
    }

    private void RunDisk(int life, Action run)
    {
        if (life != Life)
            return;
        try
        {
            run();
        }
        catch (IOException)
        {
            Crash();   // a disk that fails in the middle stops the server
        }
    }

    private void RunLog()
    {
        _logBusy = false;
        var count = _logEffects.Count;
        var appended = default(Zxid);
        var inputs = new List<Action<QuorumPeer>>();
        for (; count > 0; count--)
        {
            var effect = _logEffects.Dequeue();
            if (effect.Kind == DiskEffectKind.Append)
            {
                _log!.Append(effect.Zxid, effect.Bytes.Span);
                appended = effect.Zxid;
                continue;
            }

            SyncLog(ref appended, inputs);
            inputs.Add(Perform(effect));
        }

        SyncLog(ref appended, inputs);
        foreach (var input in inputs)
            Do(input);
        WakeDisk();
    }

    private void SyncLog(ref Zxid appended, List<Action<QuorumPeer>> inputs)
    {
        if (appended == default)
            return;
        _log!.Sync();
        var synced = appended;
        inputs.Add(peer => peer.OnSynced(synced));
        appended = default;
    }

    private Action<QuorumPeer> Perform(DiskEffect effect)
    {
        var files = new HistoryFiles(Disk, Directory, Directory, MaxTxn);
        var epochs = new EpochFiles(Disk, Directory);
        simulation.Say($"{Id} disk {effect.Kind} {effect.Zxid}");
        switch (effect.Kind)
        {
            case DiskEffectKind.RollLog:
                _log!.Roll();
                return _ => { };
            case DiskEffectKind.SaveAcceptedEpoch:
                epochs.SaveAccepted(effect.Zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.SaveCurrentEpoch:
                epochs.SaveCurrent(effect.Zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.AdoptSnapshot:
                _log!.End();
                files.KeepOnly(effect.Zxid);
                return peer => peer.OnHistoryAdopted();
            case DiskEffectKind.Truncate or DiskEffectKind.Reload:
                _log!.End();
                if (effect.Kind == DiskEffectKind.Truncate)
                    files.CutAfter(effect.Zxid);
                var state = Recover().State;
                return peer => peer.OnReloaded(state);
            default:
                throw new InvalidOperationException($"{effect.Kind} is not for the log");
        }
    }

    private void RunSnapshots()
    {
        _snapshotBusy = false;
        for (var count = _snapshotEffects.Count; count > 0; count--)
        {
            var effect = _snapshotEffects.Dequeue();
            var saved = WriteSnapshot(effect);
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                Do(peer => peer.OnSnapshotWritten());
            else if (saved)
                Do(peer => peer.OnSnapshotSaved(effect.Zxid));
        }

        WakeDisk();
    }

    private bool WriteSnapshot(DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(Disk, Directory, effect.Zxid, SnapshotCompression.None);
                break;
            case DiskEffectKind.SnapshotBytes:
                _snapshot?.Write(effect.Bytes.Span);
                break;
            case DiskEffectKind.SealSnapshot:
                _snapshot?.Seal();
                break;
            case DiskEffectKind.EndSnapshot when _snapshot is { } writer:
                writer.Complete();
                simulation.Say($"{Id} disk snapshot {effect.Zxid}");
                _snapshot = null;
                return true;
        }

        return false;
    }

    private void WriteFirstSnapshot()
    {
        Peer!.BeginSnapshot();
        foreach (var effect in Peer.Outbox.Disk.Effects.ToList())
        {
            if (effect.Kind == DiskEffectKind.RollLog)
                continue;
            if (WriteSnapshot(effect))
                Peer.OnSnapshotSaved(effect.Zxid);
            else if (effect.Kind == DiskEffectKind.SnapshotBytes)
                Peer.OnSnapshotWritten();
        }

        Peer.Outbox.Disk.Effects.RemoveAll(
            effect => effect.Kind is not (DiskEffectKind.SaveAcceptedEpoch or DiskEffectKind.SaveCurrentEpoch));
    }

    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}
