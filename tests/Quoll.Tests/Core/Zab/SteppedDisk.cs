using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Storage;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// What a host does for a peer's disk lane, one effect at a time: the log's in their order, and beside them those of a snapshot. What has
/// been done is on disk.
/// </summary>
internal sealed class SteppedDisk(MemoryDisk files, PeerOptions options) : IDisposable
{
    private const string Directory = LogFiles.Directory;
    private readonly Queue<DiskEffect> _log = new();
    private readonly Queue<DiskEffect> _snapshots = new();
    private TxnLog? _open;
    private SnapshotFileWriter? _snapshot;
    private int _crashes;
    private int _given;
    private bool _abandon;

    public MemoryDisk Files => files;

    public int Count => _log.Count + _snapshots.Count;

    public IEnumerable<DiskEffectKind> Queue => _log.Concat(_snapshots).Select(effect => effect.Kind);

    /// <summary>Reads a directory as a start does.</summary>
    public static RecoveredState Read(MemoryDisk files, PeerOptions options)
    {
        var read = RecoveredDirectory.From(files, options);
        var state = read.State;
        state.IsLost = read.Report.Empty;
        (state.AcceptedEpoch, state.CurrentEpoch) = new EpochFiles(files, Directory).Read(state.LastZxid);
        return state;
    }

    public RecoveredState Open()
    {
        var state = Read(files, options);
        _open = new TxnLog(files, Directory, LogFiles.Padded);
        return state;
    }

    public void Crash()
    {
        _log.Clear();
        _snapshots.Clear();
        _snapshot = null;
        _open = null;
        _given = 0;
        _abandon = false;
        files.Crash(_crashes++);
    }

    public void Add(in DiskEffect effect)
    {
        if (effect.Kind is DiskEffectKind.Truncate or DiskEffectKind.Reload)
            GiveUpSnapshots();

        // The bytes may be used again once they were said to be on disk, and what is in a queue must stay as it is.
        var own = effect with { Bytes = effect.Bytes.ToArray() };
        (IsOfSnapshot(effect.Kind) ? _snapshots : _log).Enqueue(own);
    }

    public bool HasWork(bool forLog, bool forSnapshots) => (forLog && _log.Count > 0) || (forSnapshots && _snapshots.Count > 0);

    /// <summary>Does the oldest thing, the log's before a snapshot's; returns what it was, and what the peer is told.</summary>
    public DiskEffectKind Step(out Action<QuorumPeer> input, bool snapshotsToo = true)
    {
        var fromLog = _log.Count > 0 || !snapshotsToo;
        var effect = fromLog ? _log.Dequeue() : _snapshots.Dequeue();
        input = fromLog ? DoLog(effect) : DoSnapshot(effect);
        return effect.Kind;
    }

    /// <summary>The packets for an effect that names a part of the disk; null if the disk does not have it.</summary>
    public List<Packet>? ReadFor(in PeerEffect effect)
    {
        var packets = new List<Packet>();
        if (effect.Kind == PeerEffectKind.SendSnapshot)
        {
            var tree = new Bytes();
            if (!SnapshotBody.Read(files, Directory, effect.From, bytes => tree.Raw(bytes.Span) is not null))
                return null;
            packets.Add(new Packet(Packet.Tree, effect.From, null, tree.String("BenWasHere").ToArray()));
            return packets;
        }

        var asInforms = effect.Kind == PeerEffectKind.SendLogAsInforms;
        return new HistoryFiles(files, Directory, Directory, options.MaxTxn).Read(effect.From, effect.To, Take) ? packets : null;

        bool Take(Zxid zxid, ReadOnlySpan<byte> txn)
        {
            packets.Add(Packet.Of(asInforms ? PacketType.Inform : PacketType.Proposal, zxid, txn.ToArray()));
            if (!asInforms)
                packets.Add(Packet.Of(PacketType.Commit, zxid));
            return true;
        }
    }

    public void Dispose()
    {
        _open?.Dispose();
        _snapshot?.Dispose();
    }

    private static bool IsOfSnapshot(DiskEffectKind kind) => kind is DiskEffectKind.BeginSnapshot or DiskEffectKind.SnapshotBytes
        or DiskEffectKind.SealSnapshot or DiskEffectKind.EndSnapshot;

    // Of what is waiting, only that bytes were taken is still said.
    private void GiveUpSnapshots()
    {
        _given += _snapshots.Count;
        _abandon = true;
    }

    private void Abandon()
    {
        if (!_abandon)
            return;
        _abandon = false;
        _snapshot?.Dispose();
        _snapshot = null;
    }

    private Action<QuorumPeer> DoLog(DiskEffect effect)
    {
        var epochs = new EpochFiles(files, Directory);
        var history = new HistoryFiles(files, Directory, Directory, options.MaxTxn);
        switch (effect.Kind)
        {
            case DiskEffectKind.Append:
                _open!.Append(effect.Zxid, effect.Bytes.Span);
                _open.Sync();
                return peer => peer.OnSynced(effect.Zxid);
            case DiskEffectKind.RollLog:
                _open!.Roll();
                return _ => { };
            case DiskEffectKind.SaveAcceptedEpoch:
                epochs.SaveAccepted(effect.Zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.SaveCurrentEpoch:
                epochs.SaveCurrent(effect.Zxid.Epoch);
                return peer => peer.OnEpochSaved();
            case DiskEffectKind.AdoptSnapshot:
                _open!.End();
                history.KeepOnly(effect.Zxid);
                return peer => peer.OnHistoryAdopted();
            case DiskEffectKind.Truncate or DiskEffectKind.Reload:
                _open!.End();
                Abandon();
                if (effect.Kind == DiskEffectKind.Truncate)
                    history.CutAfter(effect.Zxid);
                var state = Read(files, options);
                return peer => peer.OnReloaded(state);
            default:
                throw new InvalidOperationException($"{effect.Kind} is not for the log");
        }
    }

    private Action<QuorumPeer> DoSnapshot(DiskEffect effect)
    {
        if (_given > 0)
        {
            _given--;
            return effect.Kind == DiskEffectKind.SnapshotBytes ? peer => peer.OnSnapshotWritten() : _ => { };
        }

        Abandon();
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(files, Directory, effect.Zxid, SnapshotCompression.None);
                break;
            case DiskEffectKind.SnapshotBytes:
                _snapshot!.Write(effect.Bytes.Span);
                return peer => peer.OnSnapshotWritten();
            case DiskEffectKind.SealSnapshot:
                _snapshot!.Seal();
                break;
            case DiskEffectKind.EndSnapshot:
                _snapshot!.Complete();
                _snapshot = null;
                return peer => peer.OnSnapshotSaved(effect.Zxid);
        }

        return _ => { };
    }
}
