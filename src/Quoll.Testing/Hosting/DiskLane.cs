using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Testing.Hosting;

/// <summary>
/// What a server wants done to its disk, in order. It is done after the step that wanted it, so that between a proposal and its sync there
/// is a moment in which the power may go.
/// </summary>
#pragma warning disable CA1001 // Files in memory need no end; a crash has none.
internal sealed class DiskLane(EventLoop loop, ServerProcess server)
#pragma warning restore CA1001
{
    private const int SnapshotsKept = 3;
    private const string Directory = ServerProcess.Directory;
    private readonly Queue<DiskEffect> _effects = new();
    private TxnLog? _log;
    private SnapshotFileWriter? _snapshot;
    private bool _busy;
    private bool _stalled;

    /// <summary>Nothing is written or synced; the server waits for its disk.</summary>
    public bool IsStalled
    {
        get => _stalled;
        set
        {
            _stalled = value;
            Wake();
        }
    }

    public void Begin(bool writesSnapshot)
    {
        _log = new TxnLog(server.Disk, Directory, new TxnLogOptions(64 * 1024));
        if (writesSnapshot)
            WriteFirstSnapshot(server.Peer!);
    }

    public void Take(in DiskEffect effect) => _effects.Enqueue(effect);

    public void Wake()
    {
        if (_effects.Count == 0 || _busy || _stalled)
            return;
        _busy = true;
        var life = server.Life;
        loop.Soon(() => Run(life));
    }

    /// <summary>Puts all that was taken on disk: the server stops, and is told nothing more.</summary>
    public void Finish()
    {
        while (_effects.TryDequeue(out var effect))
            Perform(effect);
        _log!.End();
    }

    public void Clear()
    {
        _effects.Clear();
        _busy = false;
        _snapshot = null;
        _log = null;
    }

    private void Run(int life)
    {
        if (life != server.Life)
            return;
        _busy = false;
        if (_stalled)
            return;
        var inputs = new List<Action<QuorumPeer>>();
        var unsynced = default(Zxid);
        while (_effects.TryDequeue(out var effect))
        {
            if (effect.Kind != DiskEffectKind.Append)
                Sync(ref unsynced, inputs);
            if (Perform(effect) is { } input)
                inputs.Add(input);
            if (effect.Kind == DiskEffectKind.Append)
                unsynced = effect.Zxid;
        }

        Sync(ref unsynced, inputs);
        foreach (var input in inputs.TakeWhile(_ => life == server.Life))
            server.Do(input);
        Wake();
    }

    private void Sync(ref Zxid unsynced, List<Action<QuorumPeer>> inputs)
    {
        if (unsynced == default)
            return;
        var upTo = unsynced;
        unsynced = default;
        _log!.Sync();
        inputs.Add(peer => peer.OnSynced(upTo));
    }

    /// <summary>Does it, and returns what the peer is to be told.</summary>
    private Action<QuorumPeer>? Perform(in DiskEffect effect)
    {
        var zxid = effect.Zxid;
        switch (effect.Kind)
        {
            case DiskEffectKind.Append:
                _log!.Append(zxid, effect.Bytes.Span);
                return null;
            case DiskEffectKind.RollLog:
                _log!.Roll();
                return null;
            case DiskEffectKind.SaveAcceptedEpoch:
                new EpochFiles(server.Disk, Directory).SaveAccepted(zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.SaveCurrentEpoch:
                new EpochFiles(server.Disk, Directory).SaveCurrent(zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.AdoptSnapshot:
                _log!.End();
                Files().KeepOnly(zxid);
                return peer => peer.OnHistoryAdopted();
            case DiskEffectKind.Truncate or DiskEffectKind.Reload:
                return Reload(effect);
            default:
                return WriteSnapshot(effect);
        }
    }

    private Action<QuorumPeer> Reload(in DiskEffect effect)
    {
        _log!.End();
        _snapshot = null;
        SnapshotFileWriter.RemoveUnfinished(server.Disk, Directory);
        if (effect.Kind == DiskEffectKind.Truncate)
            Files().CutAfter(effect.Zxid);
        var state = server.Recover().State;
        return peer => peer.OnReloaded(state);
    }

    private Action<QuorumPeer>? WriteSnapshot(in DiskEffect effect)
    {
        var zxid = effect.Zxid;
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(server.Disk, Directory, zxid, SnapshotCompression.None);
                return null;
            case DiskEffectKind.SnapshotBytes:
                _snapshot?.Write(effect.Bytes.Span);
                return peer => peer.OnSnapshotWritten();
            case DiskEffectKind.SealSnapshot:
                _snapshot?.Seal();
                return null;
            case DiskEffectKind.EndSnapshot when _snapshot is { } writer:
                writer.Complete();
                _snapshot = null;
                return OnSaved(zxid);
            case DiskEffectKind.EndSnapshot:
                return null;   // it was given up
            default:
                throw new InvalidOperationException($"{effect.Kind} is nothing for a disk");
        }
    }

    private Action<QuorumPeer> OnSaved(Zxid zxid)
    {
        Retention.Purge(server.Disk, Directory, Directory, SnapshotsKept);
        var oldest = DataFiles.Snapshots(server.Disk, Directory)[0].Zxid;
        return peer =>
        {
            peer.OnSnapshotSaved(zxid);
            peer.OnPurged(oldest);
        };
    }

    // A log without a snapshot is taken for a damaged directory: the first comes before any change.
    private void WriteFirstSnapshot(QuorumPeer peer)
    {
        var effects = peer.Outbox.Disk.Effects;
        peer.BeginSnapshot();
        while (effects.FindIndex(IsForSnapshots) is >= 0 and var next)
        {
            var effect = effects[next];
            effects.RemoveAt(next);
            WriteSnapshot(effect)?.Invoke(peer);
        }
    }

    private static bool IsForSnapshots(DiskEffect effect) => effect.Kind is DiskEffectKind.BeginSnapshot or DiskEffectKind.SnapshotBytes
        or DiskEffectKind.SealSnapshot or DiskEffectKind.EndSnapshot;

    private HistoryFiles Files() => new(server.Disk, Directory, Directory, server.MaxTxn);
}
