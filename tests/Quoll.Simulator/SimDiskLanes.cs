using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>What is done to a server's disk, each in its time: transactions and epochs on one lane, snapshots on the other.</summary>
#pragma warning disable CA1001 // Files in memory need no end; a crash has none.
internal sealed class SimDiskLanes(Simulation simulation, SimServer server)
{
#pragma warning restore CA1001
    private const int SnapshotsKept = 3;
    private readonly Queue<DiskEffect> _logEffects = new();
    private readonly Queue<DiskEffect> _snapshotEffects = new();
    private TxnLog? _log;
    private SnapshotFileWriter? _snapshot;
    private bool _logBusy;
    private bool _snapshotBusy;

    /// <summary>How many times as long as else everything takes.</summary>
    public int Slowness { get; set; } = 1;

    /// <summary>The power goes in the middle of the next effect of this kind, or right after it.</summary>
    public DiskEffectKind? CrashIn { get; set; }

    public void Begin(bool writesSnapshot)
    {
        _log = new TxnLog(server.Disk, SimServer.Directory, new TxnLogOptions(64 * 1024));
        if (writesSnapshot)
            WriteFirstSnapshot();
    }

    public void Clear()
    {
        _logEffects.Clear();
        _snapshotEffects.Clear();
        _logBusy = _snapshotBusy = false;
        _snapshot = null;
        _log = null;
        CrashIn = null;
    }

    public void Take(in DiskEffect effect)
    {
        if (effect.Kind == DiskEffectKind.Append)
            simulation.Ledger.OnProposed(server.Id, effect.Zxid.Value, effect.Bytes.Span);
        var forSnapshots = effect.Kind is DiskEffectKind.BeginSnapshot or DiskEffectKind.SnapshotBytes
            or DiskEffectKind.SealSnapshot or DiskEffectKind.EndSnapshot;
        (forSnapshots ? _snapshotEffects : _logEffects).Enqueue(effect);
    }

    public void Wake()
    {
        var life = server.Life;
        if (_logEffects.Count > 0 && !_logBusy)
        {
            _logBusy = true;
            var time = simulation.Between(100, simulation.Chance(0.02) ? 50_000 : 2_000);
            simulation.After(time * Slowness, () => Run(life, RunLog));
        }

        if (_snapshotEffects.Count > 0 && !_snapshotBusy)
        {
            _snapshotBusy = true;
            simulation.After(simulation.Between(100, 5_000) * Slowness, () => Run(life, RunSnapshots));
        }
    }

    private void Run(int life, Action run)
    {
        if (life != server.Life)
            return;
        try
        {
            run();
        }
        catch (IOException e)
        {
            simulation.Say($"{server.Id} disk: {e.Message}");
            server.Crash();   // a disk that fails in the middle stops the server
        }
    }

    private void RunLog()
    {
        _logBusy = false;
        var inputs = new List<Action<QuorumPeer>>();
        var unsynced = default(Zxid);
        for (var count = _logEffects.Count; count > 0; count--)
        {
            var effect = _logEffects.Dequeue();
            if (effect.Kind != DiskEffectKind.Append)
                SyncLog(ref unsynced, inputs);
            MayCrash(effect.Kind, () =>
            {
                if (effect.Kind == DiskEffectKind.Append)
                    Append(effect);
                else
                    inputs.Add(Perform(effect));
            });
            if (effect.Kind == DiskEffectKind.Append)
                unsynced = effect.Zxid;
        }

        SyncLog(ref unsynced, inputs);
        var life = server.Life;
        foreach (var input in inputs)
        {
            if (life == server.Life)
                server.Do(input);
        }

        Wake();
    }

    private void Append(in DiskEffect effect)
    {
        _log!.Append(effect.Zxid, effect.Bytes.Span);
        server.Mirror.OnAppended(effect.Zxid.Value);
    }

    private void SyncLog(ref Zxid unsynced, List<Action<QuorumPeer>> inputs)
    {
        if (unsynced == default)
            return;
        var upTo = unsynced;
        unsynced = default;
        _log!.Sync();
        server.Mirror.OnSynced();
        inputs.Add(peer => peer.OnSynced(upTo));
    }

    private Action<QuorumPeer> Perform(in DiskEffect effect)
    {
        var epochs = new EpochFiles(server.Disk, SimServer.Directory);
        simulation.Say($"{server.Id} disk {effect.Kind} {effect.Zxid}");
        switch (effect.Kind)
        {
            case DiskEffectKind.RollLog:
                _log!.Roll();
                return _ => { };
            case DiskEffectKind.SaveAcceptedEpoch:
                epochs.SaveAccepted(effect.Zxid.Epoch);
                server.Mirror.OnAcceptedEpoch(effect.Zxid.Epoch);
                simulation.Happens(server, Moment.Promised);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.SaveCurrentEpoch:
                epochs.SaveCurrent(effect.Zxid.Epoch);
                server.Mirror.OnCurrentEpoch(effect.Zxid.Epoch);
                simulation.Happens(server, Moment.EpochSaved);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.AdoptSnapshot:
                _log!.End();

                // What is newer goes: from here on, a crash may leave less.
                server.Mirror.OnCut(effect.Zxid.Value);
                Files().KeepOnly(effect.Zxid);
                server.Mirror.OnAdopted(effect.Zxid.Value);
                if (server.RecoverSynced().LastZxid is var last && last != effect.Zxid)
                    simulation.Complain($"server {server.Id} has adopted the tree {effect.Zxid}, and would read {last}");
                simulation.Happens(server, Moment.Adopted);
                simulation.Ledger.CheckQuorum($"server {server.Id} has put away its own history");
                return peer => peer.OnHistoryAdopted();
            case DiskEffectKind.Truncate or DiskEffectKind.Reload:
                _log!.End();
                return Reload(effect);
            default:
                throw new InvalidOperationException($"{effect.Kind} is not for the log");
        }
    }

    private Action<QuorumPeer> Reload(in DiskEffect effect)
    {
        GiveUpSnapshot();
        var cut = false;
        if (effect.Kind == DiskEffectKind.Truncate)
        {
            // From here on, a crash may leave less.
            server.Mirror.OnCut(effect.Zxid.Value);
            cut = Files().CutAfter(effect.Zxid);
        }

        var state = server.Recover().State;
        server.Mirror.OnRead(server, (state.Snapshot ?? default, state.LastZxid, state.AcceptedEpoch, state.CurrentEpoch));
        if (cut && state.LastZxid > effect.Zxid)
            simulation.Complain($"server {server.Id} has cut its history after {effect.Zxid}, and reads {state.LastZxid}");
        if (effect.Kind == DiskEffectKind.Truncate)
            simulation.Ledger.CheckQuorum($"server {server.Id} has cut its log");
        if (cut)
            simulation.Happens(server, Moment.Cut);
        return peer => peer.OnReloaded(state);
    }

    private HistoryFiles Files() => new(server.Disk, SimServer.Directory, SimServer.Directory, SimServer.MaxTxn);

    private void RunSnapshots()
    {
        _snapshotBusy = false;
        var life = server.Life;
        for (var count = _snapshotEffects.Count; count > 0 && life == server.Life; count--)
        {
            var effect = _snapshotEffects.Dequeue();
            var saved = false;
            MayCrash(effect.Kind, () => saved = WriteSnapshot(effect));
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                server.Do(peer => peer.OnSnapshotWritten());
            else if (saved)
                OnSaved(effect.Zxid);
        }

        Wake();
    }

    // As the server does before it changes its history: what was given to the disk before is written, the rest never.
    private void GiveUpSnapshot()
    {
        if (_snapshotEffects.Count > 0)
            RunSnapshots();
        _snapshot = null;
        SnapshotFileWriter.RemoveUnfinished(server.Disk, SimServer.Directory);
    }

    private void OnSaved(Zxid zxid)
    {
        simulation.Happens(server, Moment.SnapshotSaved);
        server.Do(peer => peer.OnSnapshotSaved(zxid));
        if (server.Peer is null || !simulation.Chance(0.3))
            return;
        Retention.Purge(server.Disk, SimServer.Directory, SimServer.Directory, SnapshotsKept);
        var oldest = DataFiles.Snapshots(server.Disk, SimServer.Directory)[0].Zxid;
        server.Do(peer => peer.OnPurged(oldest));
    }

    private bool WriteSnapshot(in DiskEffect effect)
    {
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(server.Disk, SimServer.Directory, effect.Zxid, SnapshotCompression.None);
                simulation.Happens(server, Moment.SnapshotBegun);
                break;
            case DiskEffectKind.SnapshotBytes:
                _snapshot?.Write(effect.Bytes.Span);
                break;
            case DiskEffectKind.SealSnapshot:
                _snapshot?.Seal();
                break;
            case DiskEffectKind.EndSnapshot when _snapshot is { } writer:
                writer.Complete();
                simulation.Say($"{server.Id} disk snapshot {effect.Zxid}");
                _snapshot = null;
                return true;
        }

        return false;
    }

    // Between two writes, two syncs, two names, or after all of it, and before the server knows.
    private void MayCrash(DiskEffectKind kind, Action effect)
    {
        if (CrashIn != kind)
        {
            effect();
            return;
        }

        CrashIn = null;
        var disk = server.Disk;
        var left = simulation.Random.Next(3);
        switch (simulation.Random.Next(4))
        {
            case 0:
                disk.WritesLeft = left;
                break;
            case 1:
                disk.SyncsLeft = left;
                break;
            case 2:
                disk.NamesLeft = left;
                break;
        }

        effect();
        if (simulation.Chance(0.5))
            throw new IOException($"the power goes in {kind}");
    }

    private void WriteFirstSnapshot()
    {
        var peer = server.Peer!;
        peer.BeginSnapshot();

        // A large tree comes in slices: the next when the disk has taken the last.
        for (var at = 0; at < peer.Outbox.Disk.Effects.Count; at++)
        {
            var effect = peer.Outbox.Disk.Effects[at];
            if (effect.Kind == DiskEffectKind.RollLog)
                continue;
            if (WriteSnapshot(effect))
                peer.OnSnapshotSaved(effect.Zxid);
            else if (effect.Kind == DiskEffectKind.SnapshotBytes)
                peer.OnSnapshotWritten();
        }

        peer.Outbox.Disk.Effects.RemoveAll(
            effect => effect.Kind is not (DiskEffectKind.SaveAcceptedEpoch or DiskEffectKind.SaveCurrentEpoch));
    }
}
