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

/// <summary>
/// Zab's leader: establishes an epoch, brings its history to a quorum, and then decides the order of all transactions. Their bytes mean
/// nothing here. Alone, it is its own quorum, and goes on in the epoch that it finds.
/// </summary>
internal sealed class Leader : LearnerMaster
{
    /// <summary>After it another epoch must begin; what is left is for what the step still proposes.</summary>
    private const uint LastCounter = uint.MaxValue - 0xffff;
    private readonly DiskLane _disk;
    private readonly QuorumCheck? _check;
    private readonly Instant _patience;
    private long _epoch;
    private Instant _nextPing;
    private Instant _nextCheck;

    /// <summary>The leader of nobody else.</summary>
    public Leader(Zxid last, DiskLane disk)
    {
        _disk = disk;
        Proposals = new Proposals(last);
        _epoch = last.Epoch;
        Phase = LeaderPhase.Broadcasting;
    }

    public Leader(Ensemble ensemble, ILearnerRequests requests, Zxid? snapshot, Instant now)
        : base(ensemble, requests, now)
    {
        _disk = ensemble.Disk;
        _check = new QuorumCheck(Set, ensemble.Peers);
        Proposals = new Proposals(ensemble.History.Last);
        Sync = new LearnerSync(ensemble, this, snapshot);
        _patience = now + ensemble.InitTime;
        _nextPing = now;
        _nextCheck = now + ensemble.TickTime;
        _epoch = ensemble.Epochs.Accepted + 1;
        CheckDiscovery();
    }

    public LeaderPhase Phase { get; private set; }

    /// <summary>The epoch it proposes or leads.</summary>
    public override long Epoch => _epoch;

    public override Proposals Proposals { get; }

    public override bool HasEpoch => Phase >= LeaderPhase.Synchronizing;

    public LeaderStats Stats { get; } = new();

    /// <summary>Tells whether this server still leads.</summary>
    public QuorumCheck Check => _check!;

    /// <summary>Called with each transaction before it is told as committed: what waits for less is to be answered first.</summary>
    public Action<Zxid>? Committing { get; set; }

    /// <summary>Why it can lead no longer; null while it does.</summary>
    public string? Ended { get; private set; }

    public Zxid NextZxid => !IsAlone && Proposals.Last.Epoch < Epoch ? Zxid.OfEpoch(Epoch).Next : Proposals.Last.Next;

    public void Propose(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        Invariant.Holds(zxid == NextZxid && Phase == LeaderPhase.Broadcasting && Ended is null);
        var bytes = Proposals.Add(zxid, txn);
        _disk.Add(DiskEffectKind.Append, zxid, bytes);
        if (IsAlone)
            return;
        Stats.OnProposed(txn.Length);
        Ensemble.History.Append(zxid);
        PacketBytes? packet = null;
        foreach (var learner in Learners)
        {
            if (learner is { State: HandlerState.Active, IsObserver: false })
                Ensemble.Peers.Send(learner.Link, packet ??= Ensemble.Peers.Write(PacketType.Proposal, zxid, txn));
        }
    }

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        Proposals.OnSynced(zxid);
        CommitWhatQuorumHas();
        if (!IsAlone && HasEpoch)
            SyncPromised();
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
            foreach (var learner in Set.Where(HandlerState.Introduced))
                AskForPromise(learner);
            CheckPromises();
        }
        else if (Phase == LeaderPhase.SavingCurrentEpoch)
        {
            Phase = LeaderPhase.Synchronizing;
            SyncPromised();
            CheckSynced();
        }
    }

    public void Advance(Instant now)
    {
        Now = now;
        if (IsAlone || Ended is not null)
            return;
        if (Phase != LeaderPhase.Broadcasting && now >= _patience)
        {
            Ended = $"no quorum within {Ensemble.InitTime} ms ({Phase})";
            return;
        }

        if (Proposals.Last.Counter >= LastCounter && Proposals.Last.Epoch == Epoch)
            Ended = "the numbers of its epoch are nearly used up";
        RefuseLate();
        if (now >= _nextPing)
        {
            _nextPing = now + (Ensemble.TickTime / 2);
            _check!.Ping(Proposals.Last);
        }

        if (now < _nextCheck || Phase != LeaderPhase.Broadcasting)
            return;
        _nextCheck = now + Ensemble.TickTime;
        foreach (var slow in Learners.Where(learner => learner.IsTooSlow(Proposals.Last, now, Ensemble.SyncTime)).ToList())
            Refuse(slow, $"it has acknowledged nothing after {slow.Acked} for {Ensemble.SyncTime} ms");
        if (!Set.HasQuorum(learner => learner.IsLive))
            Ended = "it hears of no quorum";
    }

    protected override void OnIntroduced(LearnerHandler learner, Zxid promised)
    {
        if (Phase == LeaderPhase.Discovery)
        {
            _epoch = Math.Max(_epoch, promised.Epoch + 1L);
            CheckDiscovery();
        }
        else if (Phase > LeaderPhase.SavingAcceptedEpoch)
        {
            AskForPromise(learner);
        }
    }

    protected override bool OnPromise(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new Protocol.Jute.JuteReader(packet.Data.Span);
        var epoch = reader.ReadInt();
        learner.LastZxid = new Zxid(packet.Zxid);
        var own = (Ensemble.Epochs.Current, Ensemble.History.Last.Value);
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
            Sync.Start(learner);
        return true;
    }

    protected override void OnInSync(LearnerHandler learner)
    {
        if (Phase == LeaderPhase.Broadcasting)
            Activate(learner);
        else
            CheckSynced();
    }

    protected override void OnAcked() => CommitWhatQuorumHas();

    protected override void OnCommitting(Zxid zxid) => Committing?.Invoke(zxid);

    protected override void OnPong(LearnerHandler learner) => _check!.OnPong(learner, Proposals.Last);

    private void CheckDiscovery()
    {
        if (!Set.HasQuorum(learner => learner.State == HandlerState.Introduced))
            return;
        Phase = LeaderPhase.SavingAcceptedEpoch;
        Ensemble.Epochs.SaveAccepted(Epoch);
    }

    private void CheckPromises()
    {
        if (!Set.HasQuorum(learner => learner is { State: HandlerState.Promised, HasPromised: true }))
            return;
        Phase = LeaderPhase.SavingCurrentEpoch;
        Ensemble.Epochs.SaveCurrent(Epoch);
    }

    private void SyncPromised()
    {
        foreach (var learner in Set.Where(HandlerState.Promised))
            Sync.Start(learner);
    }

    private void CheckSynced()
    {
        if (Phase != LeaderPhase.Synchronizing || !Set.HasQuorum(learner => learner.State == HandlerState.Synced))
            return;
        Phase = LeaderPhase.Broadcasting;
        Stats.Since = Now;
        _nextCheck = Now + Ensemble.TickTime;
        foreach (var learner in Set.Where(HandlerState.Synced))
            Activate(learner);
    }

    private void CommitWhatQuorumHas()
    {
        if (IsAlone)
            Proposals.Commit(Proposals.Synced);
        if (IsAlone || Phase != LeaderPhase.Broadcasting)
            return;
        var before = Proposals.Committed;
        var committable = Set.HeldByQuorum(Proposals.Synced);
        if (committable <= before)
            return;
        Proposals.Commit(committable);
        SendCommits(before);
    }
}
