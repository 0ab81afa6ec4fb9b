using System.Buffers.Binary;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>
/// Zab's follower, or observer: comes to have the leader's history, promises its epoch, and then logs, acknowledges and applies what it
/// proposes. It acknowledges only what its disk has confirmed.
/// </summary>
internal sealed class Learner
{
    private const int Attempts = 5;
    private const int RetryDelay = 100;
    private readonly Ensemble _ensemble;
    private readonly ILearnerHost _host;
    private readonly ILeaderReplies _replies;
    private readonly MasterPort _master;
    private Instant _now;
    private Instant? _retryAt;
    private Instant _deadline;
    private int _attempts;
    private Zxid _lastZxid;
    private Zxid _tree;
    private Zxid _acked;
    private bool _inMemory;

    public Learner(Ensemble ensemble, ILearnerHost host, ILeaderReplies replies, MasterPort master, Instant now)
    {
        _ensemble = ensemble;
        _host = host;
        _replies = replies;
        _master = master;
        _now = now;
        _deadline = now + ensemble.InitTime;
        _lastZxid = ensemble.History.Last;
        Proposals = new Proposals(_lastZxid);
        Connect();
    }

    public LearnerPhase Phase { get; private set; }

    public Link Link { get; private set; } = null!;

    /// <summary>The leader, or the follower that an observer learns from.</summary>
    public long Master => _master.Server;

    public long Epoch { get; private set; }

    /// <summary>Logged, and applied once committed and on disk; with a tree that is coming, only in memory until that is saved.</summary>
    public Proposals Proposals { get; private set; }

    /// <summary>Why it can follow no longer; null while it does.</summary>
    public string? Ended { get; private set; }

    /// <summary>It would only come to the same end: until then this server does not look, and has no say in who leads.</summary>
    public Instant? RestsUntil { get; private set; }

    /// <summary>What the disk has and what memory has may differ: read again from disk.</summary>
    public bool MemoryIsUnknown => _inMemory || Phase == LearnerPhase.Truncating;

    /// <summary>False while packets must wait for the disk.</summary>
    public bool Accepts => Ended is null
        && Phase is not (LearnerPhase.SavingAcceptedEpoch or LearnerPhase.Truncating or LearnerPhase.SavingHistory
            or LearnerPhase.SavingCurrentEpoch);

    private bool Votes => _ensemble.Votes;

    public void OnLinkUp()
    {
        Span<byte> info = stackalloc byte[24];
        BinaryPrimitives.WriteInt64BigEndian(info, _ensemble.Self);
        BinaryPrimitives.WriteInt32BigEndian(info[8..], Ensemble.ProtocolVersion);
        BinaryPrimitives.WriteInt64BigEndian(info[12..], _ensemble.Config.Version);
        Ensemble.QuollMark.CopyTo(info[20..]);
        var type = Votes ? PacketType.FollowerInfo : PacketType.ObserverInfo;
        _ensemble.Peers.Send(Link, type, Zxid.OfEpoch(_ensemble.Epochs.Accepted), _ensemble.CutsExactly ? info : info[..20]);
        Phase = LearnerPhase.Introduced;
    }

    public void OnLinkDown()
    {
        Link.Closed = true;
        if (Phase is LearnerPhase.Connecting or LearnerPhase.Introduced or LearnerPhase.Syncing)
            _retryAt = _now + RetryDelay;   // it may do so again and again
        else
            End("the connection to it broke");
    }

    /// <summary>The leader was heard.</summary>
    public void OnHeard() => _deadline = _now + (Phase >= LearnerPhase.Synced ? _ensemble.SyncTime : _ensemble.InitTime);

    public void Advance(Instant now)
    {
        _now = now;
        if (Ended is not null)
            return;
        if (now >= _deadline)
        {
            End(Phase == LearnerPhase.Active ? "it was not heard in time" : $"not in sync with it in time ({Phase})");
        }
        else if (_retryAt is { } at && now >= at)
        {
            _retryAt = null;
            Retry();
        }
    }

    public void OnPacket(scoped in QuorumPacket packet)
    {
        var zxid = new Zxid(packet.Zxid);
        var fits = ((PacketType)packet.Type, Phase) switch
        {
            (PacketType.LeaderInfo, LearnerPhase.Introduced) => OnLeaderInfo(zxid),
            (PacketType.Diff, LearnerPhase.Syncing) => !_ensemble.IsLost,
            (PacketType.Truncate, LearnerPhase.Syncing) => OnTruncate(zxid),
            (PacketType.Snapshot, LearnerPhase.Syncing) => OnSnapshot(zxid),
            (PacketType.Proposal, >= LearnerPhase.Syncing) => OnProposal(zxid, packet.Data.Span),
            (PacketType.Commit or PacketType.CommitAndActivate, >= LearnerPhase.Syncing) => OnCommit(zxid),
            (PacketType.Inform, >= LearnerPhase.Syncing) => OnInform(zxid, packet.Data.Span),
            (PacketType.InformAndActivate, >= LearnerPhase.Syncing) => packet.Data.Length > 8 && OnInform(zxid, packet.Data.Span[8..]),
            (PacketType.NewLeader, LearnerPhase.Syncing) => OnNewLeader(zxid, packet.Data.Span),
            (PacketType.UpToDate, LearnerPhase.Synced) => OnUpToDate(),
            (PacketType.Ping, LearnerPhase.Syncing or LearnerPhase.Synced) => true,   // who does not serve yet is not asked
            (PacketType.Ping, LearnerPhase.Active) => OnPing(zxid),
            (PacketType.Revalidate, LearnerPhase.Active) => OnRevalidated(packet),
            (PacketType.Sync, LearnerPhase.Active) => OnSync(),
            _ => false,
        };
        if (!fits && Ended is null)
            End($"{(PacketType)packet.Type} {zxid} is not what comes now ({Phase})");
    }

    /// <summary>The tree that came is whole.</summary>
    public void OnSnapshotReceived()
    {
        Invariant.Holds(Phase == LearnerPhase.ReceivingSnapshot);
        Phase = LearnerPhase.Syncing;
    }

    /// <summary>The tree that came is on disk, and nothing of another history beside it.</summary>
    public void OnHistoryAdopted()
    {
        Invariant.Holds(Phase == LearnerPhase.SavingHistory && _inMemory);
        _inMemory = false;
        _ensemble.CutsExactly = true;

        // What was not committed when the tree was written comes into the log behind it.
        _ensemble.History.RestartAt(Proposals.Committed);
        foreach (var proposal in Proposals)
        {
            _ensemble.History.Append(proposal.Zxid);
            _ensemble.Disk.Add(DiskEffectKind.Append, proposal.Zxid, proposal.Txn);
        }

        SaveCurrentEpoch();
    }

    /// <summary>The log was cut, and memory is what is left.</summary>
    public void OnTruncated(Zxid last)
    {
        Invariant.Holds(Phase == LearnerPhase.Truncating);

        // No log has the number that begins an epoch: where that is named, what is left ends before it.
        if (_lastZxid.Counter == 0 ? last > _lastZxid : last != _lastZxid)
        {
            _ensemble.CutsExactly = false;
            End($"the history could not be cut at {_lastZxid}: it now ends at {last}");
            return;
        }

        Proposals = new Proposals(last);
        Phase = LearnerPhase.Syncing;
    }

    public void OnEpochSaved()
    {
        if (Ended is not null)
            return;
        if (Phase == LearnerPhase.SavingAcceptedEpoch)
            Promise((int)_ensemble.Epochs.Current);
        else if (Phase == LearnerPhase.SavingCurrentEpoch)
            AcknowledgeEpoch();
    }

    public void OnSynced(Zxid zxid)
    {
        Proposals.OnSynced(zxid);
        if (Ended is not null)
            return;
        if (Phase >= LearnerPhase.Synced)
            Acknowledge();
        else if (Phase == LearnerPhase.SavingHistory && !_inMemory && Proposals.Synced == Proposals.Last)
            SaveCurrentEpoch();
    }

    public void End(string why)
    {
        Ended ??= why;
        _ensemble.Peers.Close(Link);
    }

    private void Rest(string why)
    {
        RestsUntil = _now + _ensemble.SyncTime;
        End(why);
    }

    private void Retry()
    {
        if (Phase == LearnerPhase.Connecting && _attempts < Attempts)
            Connect();
        else
            End(Phase == LearnerPhase.Connecting ? "it can't be reached" : "the connection to it broke");
    }

    private void Connect()
    {
        _attempts++;
        Link = _ensemble.Peers.Connect(_master);
    }

    private bool OnLeaderInfo(Zxid zxid)
    {
        Epoch = zxid.Epoch;
        if (Epoch < _ensemble.Epochs.Accepted)
        {
            End($"its epoch {Epoch} is older than {_ensemble.Epochs.Accepted}, which was promised to another");
        }
        else if (Epoch == _ensemble.Epochs.Accepted)
        {
            Promise(-1);
        }
        else
        {
            Phase = LearnerPhase.SavingAcceptedEpoch;
            _ensemble.Epochs.SaveAccepted(Epoch);
        }

        return true;
    }

    private void Promise(int currentEpoch)
    {
        Span<byte> epoch = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(epoch, currentEpoch);
        _ensemble.Peers.Send(Link, PacketType.AckEpoch, _ensemble.KnownLast, epoch);
        Phase = LearnerPhase.Syncing;
    }

    private bool OnTruncate(Zxid zxid)
    {
        if (zxid > _lastZxid || Proposals.Count > 0)
            return false;
        Phase = LearnerPhase.Truncating;
        _lastZxid = zxid;
        _ensemble.Disk.Add(DiskEffectKind.Truncate, zxid);
        return true;
    }

    private bool OnSnapshot(Zxid zxid)
    {
        if (Proposals.Count > 0)
            return false;
        _inMemory = true;
        _lastZxid = _tree = zxid;
        Proposals = new Proposals(zxid);
        Phase = LearnerPhase.ReceivingSnapshot;
        _host.OnSnapshotBegins(zxid);
        return true;
    }

    private bool OnProposal(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        // An Apache leader begins to tell what it commits, and reads then how far the tree has come that it sends.
        if (_inMemory && zxid <= _tree)
            return true;

        // A hole, or a number used twice: whatever the leader means, it must not come into the log.
        var follows = zxid.Epoch == _lastZxid.Epoch ? zxid == _lastZxid.Next : zxid.Epoch > _lastZxid.Epoch && zxid.Counter == 1;
        if (!follows || zxid.Epoch > Epoch)
            return false;

        // Who acknowledges it has to go by it. Of what comes before NEWLEADER, that tells the outcome.
        if (Phase >= LearnerPhase.Synced && Ensemble.IsChange(txn))
        {
            Rest($"the ensemble is changed at {zxid}: put that into this server's configuration, and start it again");
            return true;
        }

        _lastZxid = zxid;
        var bytes = Proposals.Add(zxid, txn);
        if (_inMemory)
            return true;
        _ensemble.History.Append(zxid);
        _ensemble.Disk.Add(DiskEffectKind.Append, zxid, bytes);
        return true;
    }

    // An Apache follower may tell again what was in its log, or its tree, when it began to tell what it hears.
    private bool OnInform(Zxid zxid, ReadOnlySpan<byte> txn) => zxid <= Proposals.Committed || (OnProposal(zxid, txn) && OnCommit(zxid));

    private bool OnCommit(Zxid zxid)
    {
        if (zxid <= Proposals.Committed)
            return true;
        if (zxid > Proposals.Last || (zxid != Proposals.Committed.Next && zxid.Counter != 1))
            return false;
        Proposals.Commit(zxid);
        if (_inMemory)
            Proposals.OnSynced(zxid);   // the tree that it is applied to is not on disk either
        return true;
    }

    private bool OnNewLeader(Zxid zxid, ReadOnlySpan<byte> config)
    {
        if (zxid != Zxid.OfEpoch(Epoch))
            return false;
        _ensemble.CompareConfig(Master, config);
        if (_ensemble.ChangeIn(config) is { } change)
        {
            Rest(change);
            return true;
        }

        Phase = LearnerPhase.SavingHistory;
        if (_inMemory)
            _host.SaveSnapshot();
        else if (Proposals.Synced == Proposals.Last)
            SaveCurrentEpoch();
        return true;
    }

    private void SaveCurrentEpoch()
    {
        Phase = LearnerPhase.SavingCurrentEpoch;
        _ensemble.Epochs.SaveCurrent(Epoch);
    }

    private void AcknowledgeEpoch()
    {
        _ensemble.IsLost = false;
        _ensemble.Peers.Send(Link, PacketType.Ack, Zxid.OfEpoch(Epoch));
        _acked = Proposals.Committed;
        Phase = LearnerPhase.Synced;
        _deadline = _now + _ensemble.SyncTime;
        Acknowledge();
    }

    private bool OnUpToDate()
    {
        Phase = LearnerPhase.Active;
        _ensemble.Peers.Send(Link, PacketType.Ack, Zxid.OfEpoch(Epoch));
        _host.OnActive();
        return true;
    }

    private bool OnPing(Zxid zxid)
    {
        _ensemble.Peers.Send(Link, PacketType.Ping, zxid, _replies.TakeTouched());
        return true;
    }

    private bool OnRevalidated(scoped in QuorumPacket packet)
    {
        _replies.OnRevalidated(packet);
        return true;
    }

    private bool OnSync()
    {
        _replies.OnSync();
        return true;
    }

    // An Apache leader counts each transaction by itself.
    private void Acknowledge()
    {
        if (!Votes)
            return;
        foreach (var proposal in Proposals)
        {
            if (proposal.Zxid <= _acked)
                continue;
            if (proposal.Zxid > Proposals.Synced)
                break;
            _acked = proposal.Zxid;
            _ensemble.Peers.Send(Link, PacketType.Ack, _acked);
        }
    }
}
