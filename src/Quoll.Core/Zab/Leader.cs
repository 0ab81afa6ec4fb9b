using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

internal enum LeaderPhase
{
    /// <summary>Learns from a quorum which epochs it has promised.</summary>
    Discovery,
    SavingAcceptedEpoch,

    /// <summary>Has the epoch promised by a quorum.</summary>
    Promising,
    SavingCurrentEpoch,

    /// <summary>Brings its history to a quorum.</summary>
    Synchronizing,

    /// <summary>Leads: numbers transactions, and commits those that a quorum has on disk.</summary>
    Broadcasting,
}

/// <summary>What learners say that is about clients, and means nothing to Zab. False for what can't be read.</summary>
internal interface ILearnerRequests
{
    /// <summary>A client of the learner wants something.</summary>
    bool OnRequest(LearnerHandler learner, scoped in QuorumPacket packet);

    /// <summary>A client came to the learner with a session.</summary>
    bool OnRevalidate(LearnerHandler learner, scoped in QuorumPacket packet);

    /// <summary>Sessions that the learner has heard of since the last ping.</summary>
    bool OnTouched(scoped in QuorumPacket packet);
}

/// <summary>
/// Zab's leader: establishes an epoch, brings its history to a quorum, and then decides the order of all transactions. Their bytes mean
/// nothing here. Alone, it is its own quorum, and goes on in the epoch that it finds.
/// </summary>
internal sealed class Leader
{
    /// <summary>After it another epoch must begin; what is left is for what the step still proposes.</summary>
    private const uint LastCounter = uint.MaxValue - 0xffff;
    private static readonly List<LearnerHandler> Nobody = [];
    private readonly Ensemble? _ensemble;
    private readonly ILearnerRequests? _requests;
    private readonly DiskLane _disk;
    private readonly LearnerSync? _sync;
    private readonly LearnerSet? _learners;
    private readonly QuorumCheck? _check;
    private readonly Instant _patience;
    private Instant _now;
    private Instant _nextPing;
    private Instant _nextCheck;

    /// <summary>The leader of nobody else.</summary>
    public Leader(Zxid last, DiskLane disk)
    {
        _disk = disk;
        Proposals = new Proposals(last);
        Epoch = last.Epoch;
        Phase = LeaderPhase.Broadcasting;
    }

    public Leader(Ensemble ensemble, ILearnerRequests requests, Zxid? snapshot, Instant now)
    {
        _ensemble = ensemble;
        _requests = requests;
        _disk = ensemble.Disk;
        _learners = new LearnerSet(ensemble.Self, ensemble.Config);
        _check = new QuorumCheck(_learners, ensemble.Peers);
        _now = now;
        Proposals = new Proposals(ensemble.History.Last);
        _sync = new LearnerSync(ensemble, this, snapshot);
        _patience = now + ensemble.InitTime;
        _nextPing = now;
        _nextCheck = now + ensemble.TickTime;
        Epoch = ensemble.Epochs.Accepted + 1;
        CheckDiscovery();
    }

    public LeaderPhase Phase { get; private set; }

    /// <summary>The epoch it proposes or leads.</summary>
    public long Epoch { get; private set; }

    public Proposals Proposals { get; }

    public List<LearnerHandler> Learners => _learners?.All ?? Nobody;

    public LeaderStats Stats { get; } = new();

    /// <summary>Tells whether this server still leads.</summary>
    public QuorumCheck Check => _check!;

    /// <summary>Why it can lead no longer; null while it does.</summary>
    public string? Ended { get; private set; }

    /// <summary>A learner needs a snapshot that is not there: the peer begins one.</summary>
    public bool WantsSnapshot => _sync is { WantsSnapshot: true };

    public Zxid NextZxid => _ensemble is not null && Proposals.Last.Epoch < Epoch ? Zxid.OfEpoch(Epoch).Next : Proposals.Last.Next;

    public void Propose(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        Invariant.Holds(zxid == NextZxid && Phase == LeaderPhase.Broadcasting && Ended is null);
        var bytes = Proposals.Add(zxid, txn);
        _disk.Add(DiskEffectKind.Append, zxid, bytes);
        if (_ensemble is null)
            return;
        Stats.OnProposed(txn.Length);
        _ensemble.History.Append(zxid);
        PacketBytes? packet = null;
        foreach (var learner in Learners)
        {
            if (learner is { State: HandlerState.Active, IsObserver: false })
                _ensemble.Peers.Send(learner.Link, packet ??= _ensemble.Peers.Write(PacketType.Proposal, zxid, txn));
        }
    }

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        Proposals.OnSynced(zxid);
        CommitWhatQuorumHas();
    }

    /// <summary>Before it led anybody, a quorum has chosen another.</summary>
    public void OnDeserted() => Ended ??= "a quorum has chosen another";

    /// <summary>The epoch that was being saved is on disk.</summary>
    public void OnEpochSaved()
    {
        if (Ended is not null)
            return;
        if (Phase == LeaderPhase.SavingAcceptedEpoch)
        {
            Phase = LeaderPhase.Promising;
            foreach (var learner in _learners!.Where(HandlerState.Introduced))
                AskForPromise(learner);
            CheckPromises();
        }
        else if (Phase == LeaderPhase.SavingCurrentEpoch)
        {
            Phase = LeaderPhase.Synchronizing;
            foreach (var learner in _learners!.Where(HandlerState.Promised))
                _sync!.Start(learner);
            CheckSynced();
        }
    }

    public void OnSnapshotSaved(Zxid zxid) => _sync?.OnSnapshotSaved(zxid);

    public void OnLink(Link link) => _learners!.Add(new LearnerHandler(link) { Deadline = _now + _ensemble!.InitTime });

    public void OnLinkDown(Link link)
    {
        if (_learners!.Find(link) is { } gone)
            _learners.Remove(gone);
    }

    /// <summary>What came can't be a packet.</summary>
    public void OnFault(Link link, string fault)
    {
        if (_learners!.Find(link) is { } learner)
            Refuse(learner, fault);
    }

    public void OnPacket(Link link, scoped in QuorumPacket packet)
    {
        if (_learners!.Find(link) is not { } learner)
            return;
        learner.Deadline = _now + (learner.State == HandlerState.Active ? _ensemble!.SyncTime : _ensemble!.InitTime);
        var fits = ((PacketType)packet.Type, learner.State) switch
        {
            (PacketType.FollowerInfo or PacketType.ObserverInfo, HandlerState.Unknown) => OnIntroduction(learner, packet),
            (PacketType.AckEpoch, HandlerState.Asked) => OnPromise(learner, packet),
            (PacketType.Ack, _) => OnAck(learner, new Zxid(packet.Zxid)),
            (PacketType.Ping, >= HandlerState.Syncing) => OnPong(learner, packet),
            (PacketType.Request, HandlerState.Active) => _requests!.OnRequest(learner, packet),
            (PacketType.Revalidate, HandlerState.Active) => _requests!.OnRevalidate(learner, packet),
            _ => false,
        };
        if (!fits)
            Refuse(learner, $"{(PacketType)packet.Type} is not what comes now ({learner.State})");
    }

    public void Advance(Instant now)
    {
        _now = now;
        if (_ensemble is null || Ended is not null)
            return;
        if (Phase != LeaderPhase.Broadcasting && now >= _patience)
        {
            Ended = $"no quorum within {_ensemble.InitTime} ms ({Phase})";
            return;
        }

        if (Proposals.Last.Counter >= LastCounter && Proposals.Last.Epoch == Epoch)
            Ended = "the numbers of its epoch are nearly used up";
        foreach (var late in Learners.Where(learner => now >= learner.Deadline).ToList())
            Refuse(late, "it was not heard in time");
        if (now >= _nextPing)
        {
            _nextPing = now + (_ensemble.TickTime / 2);
            _check!.Ping(Proposals.Last);
        }

        if (now < _nextCheck || Phase != LeaderPhase.Broadcasting)
            return;
        _nextCheck = now + _ensemble.TickTime;
        foreach (var slow in Learners.Where(learner => learner.IsTooSlow(Proposals.Last, now, _ensemble.SyncTime)).ToList())
            Refuse(slow, $"it has acknowledged nothing after {slow.Acked} for {_ensemble.SyncTime} ms");
        if (!_learners!.HasQuorum(learner => learner.IsLive))
            Ended = "it hears of no quorum";
    }

    /// <summary>Ends a connection that says what it should not.</summary>
    public void Refuse(LearnerHandler learner, string why)
    {
        _ensemble!.Notices.Add(learner.Refused(why));
        _ensemble.Peers.Close(learner.Link);
        _learners!.Remove(learner);
    }

    // Sends what was committed since, and what is still to be; from here on, it is sent everything.
    private void Activate(LearnerHandler learner)
    {
        learner.State = HandlerState.Active;
        _ensemble!.Notice(NoticeKind.LearnerInSync, learner.Server, $"it had {learner.LastZxid} and was sent up to {learner.Sent}");
        learner.Deadline = _now + _ensemble.SyncTime;
        learner.Acked = learner.Sent;
        _ensemble.Peers.Send(learner.Link, PacketType.UpToDate, new Zxid(-1));
        _sync!.SendLog(learner, asInforms: learner.IsObserver);
        foreach (var proposal in Proposals)
        {
            if (proposal.Zxid > learner.Sent && (!learner.IsObserver || proposal.Zxid <= Proposals.Committed))
                SendOutstanding(learner, proposal);
        }
    }

    private void SendOutstanding(LearnerHandler learner, in Proposal proposal)
    {
        var peers = _ensemble!.Peers;
        peers.Send(learner.Link, learner.IsObserver ? PacketType.Inform : PacketType.Proposal, proposal.Zxid, proposal.Txn.Span);
        if (!learner.IsObserver && proposal.Zxid <= Proposals.Committed)
            peers.Send(learner.Link, PacketType.Commit, proposal.Zxid);
    }

    private bool OnIntroduction(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        if (learner.Introduce(packet, _ensemble!) is { } fault)
        {
            Refuse(learner, fault);
            return true;
        }

        if (_learners!.FindOther(learner, learner.Server) is { } older)
            Refuse(older, "it has connected anew, or another server has its number");
        if (Phase == LeaderPhase.Discovery)
        {
            Epoch = Math.Max(Epoch, new Zxid(packet.Zxid).Epoch + 1L);
            CheckDiscovery();
        }
        else if (Phase > LeaderPhase.SavingAcceptedEpoch)
        {
            AskForPromise(learner);
        }

        return true;
    }

    private void CheckDiscovery()
    {
        if (!_learners!.HasQuorum(learner => learner.State == HandlerState.Introduced))
            return;
        Phase = LeaderPhase.SavingAcceptedEpoch;
        _ensemble!.Epochs.SaveAccepted(Epoch);
    }

    private void AskForPromise(LearnerHandler learner)
    {
        Span<byte> version = [0, 1, 0, 0];
        _ensemble!.Peers.Send(learner.Link, PacketType.LeaderInfo, Zxid.OfEpoch(Epoch), version);
        learner.State = HandlerState.Asked;
    }

    private bool OnPromise(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new Protocol.Jute.JuteReader(packet.Data.Span);
        var epoch = reader.ReadInt();
        learner.LastZxid = new Zxid(packet.Zxid);
        var own = (_ensemble!.Epochs.Current, _ensemble.History.Last.Value);
        if (reader.Malformed)
            return false;

        // -1: it had promised this epoch before, and counts no more.
        if (epoch > Epoch || (epoch != -1 && Phase <= LeaderPhase.Promising && ((long)epoch, packet.Zxid).CompareTo(own) > 0))
        {
            Refuse(learner, $"its history (epoch {epoch}, {learner.LastZxid}) is ahead of this leader's");
            return true;
        }

        learner.State = HandlerState.Promised;
        learner.HasPromised = epoch != -1 && packet.Zxid != -1;
        if (Phase == LeaderPhase.Promising)
            CheckPromises();
        else if (Phase >= LeaderPhase.Synchronizing)
            _sync!.Start(learner);
        return true;
    }

    private void CheckPromises()
    {
        if (!_learners!.HasQuorum(learner => learner is { State: HandlerState.Promised, HasPromised: true }))
            return;
        Phase = LeaderPhase.SavingCurrentEpoch;
        _ensemble!.Epochs.SaveCurrent(Epoch);
    }

    private bool OnAck(LearnerHandler learner, Zxid zxid)
    {
        if (learner.State == HandlerState.Syncing)
        {
            // An acknowledgement of a transaction may come before that of the epoch; it says nothing that the epoch's does not.
            if (zxid != Zxid.OfEpoch(Epoch))
                return true;
            learner.State = HandlerState.Synced;
            if (Phase == LeaderPhase.Broadcasting)
                Activate(learner);
            else
                CheckSynced();
            return true;
        }

        // UPTODATE is acknowledged with the epoch, a second time. What was sent before it may be acknowledged at any time before.
        if (!learner.IsLive || (zxid > Proposals.Last && zxid != Zxid.OfEpoch(Epoch)))
            return false;
        if (learner.State == HandlerState.Active && zxid.Counter != 0 && zxid > learner.Acked)
        {
            learner.Acked = zxid;
            CommitWhatQuorumHas();
        }

        return true;
    }

    private void CheckSynced()
    {
        if (Phase != LeaderPhase.Synchronizing || !_learners!.HasQuorum(learner => learner.State == HandlerState.Synced))
            return;
        Phase = LeaderPhase.Broadcasting;
        Stats.Since = _now;
        _nextCheck = _now + _ensemble!.TickTime;
        foreach (var learner in _learners.Where(HandlerState.Synced))
            Activate(learner);
    }

    private void CommitWhatQuorumHas()
    {
        if (_ensemble is null)
            Proposals.Commit(Proposals.Synced);
        if (_ensemble is null || Phase != LeaderPhase.Broadcasting)
            return;
        var before = Proposals.Committed;
        var committable = _learners!.HeldByQuorum(Proposals.Synced);
        if (committable <= before)
            return;
        Proposals.Commit(committable);
        foreach (var proposal in Proposals)
        {
            if (proposal.Zxid > committable)
                break;
            if (proposal.Zxid > before)
                SendCommit(proposal);
        }
    }

    private void SendCommit(in Proposal proposal)
    {
        var peers = _ensemble!.Peers;
        PacketBytes? commit = null;
        PacketBytes? inform = null;
        foreach (var learner in Learners)
        {
            if (learner.State != HandlerState.Active)
                continue;
            if (learner.IsObserver)
                peers.Send(learner.Link, inform ??= peers.Write(PacketType.Inform, proposal.Zxid, proposal.Txn.Span));
            else
                peers.Send(learner.Link, commit ??= peers.Write(PacketType.Commit, proposal.Zxid));
        }
    }

    private bool OnPong(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        _check!.OnPong(learner, Proposals.Last);
        return _requests!.OnTouched(packet);
    }
}
