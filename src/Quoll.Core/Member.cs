using Quoll.Core.Election;
using Quoll.Core.Requests;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core;

/// <summary>
/// This server as a member of an ensemble: it looks for a leader, then leads or learns, and looks again when that ends. Between two roles
/// it waits until disk and memory tell the same, so that it never claims what it would not have after a restart.
/// </summary>
internal sealed class Member : ILearnerHost
{
    private readonly PeerOptions _options;
    private readonly Replica _replica;
    private readonly Outbox _outbox;
    private readonly Ensemble _ensemble;
    private readonly IElection _election;
    private readonly RemoteRequests _remote;
    private readonly RelayedRequests _relayed;
    private readonly ObserverMasters? _masters;
    private readonly HashSet<Link> _early = [];
    private IncomingTree? _incoming;
    private Instant _now;
    private bool _reloading;
    private Zxid _adopted;

    public Member(PeerOptions options, Replica replica, RecoveredState recovered, Outbox outbox, Instant now)
    {
        _options = options;
        _replica = replica;
        _outbox = outbox;
        _now = now;
        var epochs = new Epochs(recovered.AcceptedEpoch, recovered.CurrentEpoch, outbox.Disk);
        _ensemble = new Ensemble(options.ServerId, options.Ensemble!, epochs, replica.History, outbox.Peers, outbox.Disk, outbox.Notices)
        {
            TickTime = options.TickTime,
            InitTime = options.TickTime * options.InitLimit,
            SyncTime = options.TickTime * options.SyncLimit,
            IsLost = recovered.IsLost,
        };
        outbox.Peers.SetConfig(_ensemble.ConfigText);
        _election = IElection.Of(options.ElectionAlg, _ensemble, options.Seed);
        _remote = new RemoteRequests(outbox.Peers, options);
        _relayed = new RelayedRequests(replica, outbox.Peers);
        if (options.FollowersServeObservers && !_ensemble.Votes)
            _masters = new ObserverMasters(_ensemble, new Prng(options.Seed));
        Look();
    }

    public ServerState State => _election.State;
    public Leader? Leader { get; private set; }
    public Learner? Learner { get; private set; }

    /// <summary>For a follower's observers; null where it has none, or this server does not follow.</summary>
    public ObserverMaster? Observers { get; private set; }

    public LeaderReport? Report =>
        Leader is { Phase: LeaderPhase.Broadcasting } ? LeaderReport.Of(Leader, _remote.Syncs!.Count, _now) : null;

    private LearnerMaster? Master => Leader is { } leader ? leader : Observers;

    public void Advance(Instant now)
    {
        _now = now;
        _election.Advance(now);
        Leader?.Advance(now);
        Learner?.Advance(now);
        Observers?.Advance(now);
        Turn();
    }

    public void OnNotification(long from, ReadOnlySpan<byte> bytes)
    {
        if (Notification.TryRead(bytes, out var notification))
        {
            _ensemble.CompareConfig(from, Notification.ConfigIn(bytes));
            ((FastLeaderElection)_election).OnNotification(from, notification);
        }
        else
        {
            _ensemble.Notice(NoticeKind.NotificationDropped, from, $"a message of {bytes.Length} bytes that is none");
        }

        Turn();
    }

    public void OnDatagram(ReadOnlySpan<byte> bytes, object sender)
    {
        ((LeaderElection)_election).OnDatagram(bytes, sender);
        Turn();
    }

    public void OnReachable(long server, bool reachable)
    {
        ((FastLeaderElection)_election).OnReachable(server, reachable);
        Turn();
    }

    /// <summary>A server has connected to the quorum port: until it is clear who leads, it waits. Or to the port for observers.</summary>
    public Link OnLink(object? host, bool forObservers)
    {
        var link = new Link(host);
        LearnerMaster? master = forObservers ? Observers : Leader is { Ended: null } ? Leader : null;
        if (master is not null)
            master.OnLink(link);
        else if (Learner is null && !forObservers)
            _early.Add(link);
        else
            _outbox.Peers.Close(link);
        return link;
    }

    public void OnLinkUp(Link link)
    {
        if (Learner?.Link == link)
            Learner.OnLinkUp();
    }

    public void OnLinkDown(Link link)
    {
        _early.Remove(link);
        if (Learner?.Link == link)
            Learner.OnLinkDown();
        Master?.OnLinkDown(link);
        Turn();
    }

    /// <summary>Takes what can be taken of a link's bytes; returns how many they were.</summary>
    public int OnBytes(Link link, ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        while (!link.Closed && Accepts(link) && taken < bytes.Length)
        {
            var step = Take(link, bytes[taken..]);
            if (step == 0)
                break;
            taken += step;
            Turn();
        }

        return link.Closed ? bytes.Length : taken;
    }

    public void OnSynced(Zxid zxid)
    {
        if (Leader is { } leader)
        {
            leader.OnSynced(zxid);
            _remote.Syncs!.Answer();
        }

        Learner?.OnSynced(zxid);
        _replica.ApplyCommitted();
        Turn();
    }

    public void OnEpochSaved()
    {
        _ensemble.Epochs.OnSaved();
        Leader?.OnEpochSaved();
        Learner?.OnEpochSaved();
        Turn();
    }

    public void OnSnapshotSaved(Zxid zxid)
    {
        _replica.NewestSnapshot = zxid;
        Master?.OnSnapshotSaved(zxid);
        if (Learner is { Phase: LearnerPhase.SavingHistory, MemoryIsUnknown: true, Ended: null } && zxid == _adopted)
            _outbox.Disk.Add(DiskEffectKind.AdoptSnapshot, zxid);
        Turn();
    }

    public void OnHistoryAdopted()
    {
        if (Learner is { Phase: LearnerPhase.SavingHistory, Ended: null })
            Learner.OnHistoryAdopted();
        Turn();
    }

    public void OnReloaded(RecoveredState state)
    {
        _replica.Replace(state);
        _ensemble.History.Become(state.History);
        _ensemble.Epochs.OnRead(state.AcceptedEpoch, state.CurrentEpoch);
        _reloading = false;
        var learner = Learner is { Phase: LearnerPhase.Truncating, Ended: null } ? Learner : null;
        learner?.OnTruncated(state.LastZxid);
        if (learner is { Ended: null })
        {
            Learn(learner);
        }
        else
        {
            if (learner is { Ended: { } why })
                Leave(why);
            Look();
        }

        Turn();
    }

    public void OnSnapshotBegins(Zxid zxid) => _incoming = new IncomingTree(new RecoveredState(_options), zxid);

    public void SaveSnapshot()
    {
        // Before a change came into the tree that was sent, its commit was queued behind it: now they are the same.
        _replica.ApplyCommitted();
        _adopted = _replica.Database.LastProcessed;
        _replica.Database.DigestsComparableFrom = _adopted;
        _replica.Snapshots.Begin();
    }

    public void OnActive()
    {
        _replica.ApplyCommitted();
        _election.RaiseEpoch(Learner!.Epoch);
        _replica.Serve();
        Observers?.Begin(_replica.NewestSnapshot);
        _ensemble.Notice(NoticeKind.Following, Learner.Master, $"epoch {Learner.Epoch}");
    }

    private bool Accepts(Link link) => Learner is { } learner && learner.Link == link
        ? learner.Accepts && !_outbox.Clients.IsFull
        : Master is not null;

    private int Take(Link link, ReadOnlySpan<byte> bytes)
    {
        if (Learner is { } learner && learner.Link == link)
        {
            learner.OnHeard();
            if (learner.Phase == LearnerPhase.ReceivingSnapshot)
                return TakeTree(learner, bytes);
        }

        var reader = new JuteReader(bytes);
        var packet = QuorumPacket.Read(ref reader);
        if (reader.Malformed)
        {
            var fault = Introduction.FaultIn(bytes, _options.MaxTxn);
            if (fault is not null && Learner?.Link == link)
                Learner.End(fault);
            else if (fault is not null)
                Master?.OnFault(link, fault);
            return 0;
        }

        var length = bytes.Length - reader.Rest.Length;
        if (Learner?.Link == link)
        {
            Learner.OnPacket(packet);
            Observers?.OnCommitted();
            _replica.ApplyCommitted();
        }
        else
        {
            Master?.OnPacket(link, packet);
            if (Leader is not null)
                _remote.Syncs!.Answer();
            _replica.ApplyCommitted();
        }

        return length;
    }

    private int TakeTree(Learner learner, ReadOnlySpan<byte> bytes)
    {
        int taken;
        try
        {
            taken = _incoming!.Take(bytes);
        }
        catch (InvalidSnapshotException e)
        {
            learner.End($"the tree it sends can't be so: {e.Message}");
            return 0;
        }

        if (_incoming.Complete)
        {
            _replica.Replace(_incoming.State);
            _incoming = null;
            learner.OnSnapshotReceived();
            Learn(learner);
        }

        return taken;
    }

    // What comes of an input: a role that has ended, or begins.
    private void Turn()
    {
        if (Leader is { Phase: < LeaderPhase.Broadcasting, Ended: null } && _election.IsDeserted)
            Leader.OnDeserted();
        if (Leader?.Ended is { } lost)
            EndRole(lost, Leader.Proposals, memoryIsUnknown: false);
        else if (Learner?.Ended is { } left)
            EndRole(left, Learner.Proposals, Learner.MemoryIsUnknown);
        if (_election is { State: ServerState.Looking, Elected: { } vote } && Leader is null && Learner is null)
            TakeRole(vote);
        if (Leader is { Phase: LeaderPhase.Broadcasting, Ended: null } leader && !_replica.Serves)
            Lead(leader);
        if (Leader?.Ended is null && Master is { WantsSnapshot: true } && !_replica.Snapshots.Running)
            _replica.Snapshots.Begin();
    }

    private void TakeRole(Vote vote)
    {
        _replica.EndBeingAlone();
        _ensemble.Notice(NoticeKind.Elected, vote.Leader, $"round {_election.Round}, history up to {vote.Zxid}");
        if (vote.Leader == _options.ServerId)
        {
            _election.Settle(ServerState.Leading, vote);
            Leader = new Leader(_ensemble, _remote, _replica.NewestSnapshot, _now);
            _remote.Syncs = new LeaderSyncs(Leader);
            foreach (var link in _early)
                Leader.OnLink(link);
        }
        else
        {
            _election.Settle(_ensemble.Votes ? ServerState.Following : ServerState.Observing, vote);
            foreach (var link in _early)
                _outbox.Peers.Close(link);
            Learner = new Learner(_ensemble, this, _relayed, _masters?.Next(vote.Leader) ?? new MasterPort(vote.Leader, false), _now);
            if (_options.FollowersServeObservers && _ensemble.Votes)
                Observers = new ObserverMaster(_ensemble, _relayed, Learner, _now);
            Learn(Learner);
        }

        _early.Clear();
    }

    private void Lead(Leader leader)
    {
        _remote.Route = _replica.Lead(leader);
        _remote.Route.Syncs = _remote.Syncs;
        _remote.Service = _replica.Service;
        _election.RaiseEpoch(leader.Epoch);
        _ensemble.Notice(NoticeKind.Leading, _options.ServerId, $"epoch {leader.Epoch}");
    }

    private void Learn(Learner learner)
    {
        _relayed.Route = new LearnerRoute(learner, _outbox.Peers);
        _replica.Learn(learner.Proposals, _relayed.Route);
    }

    // Waits until the disk has said all it will say of this role; then memory becomes what the disk has, and the next begins.
    private void EndRole(string why, Proposals proposals, bool memoryIsUnknown)
    {
        if (_replica.Serves || State != ServerState.Looking)
            Leave(why);
        if (_ensemble.Epochs.Saving || _reloading)
            return;
        if (memoryIsUnknown)
        {
            _reloading = true;
            if (Learner?.Phase != LearnerPhase.Truncating)
                _outbox.Disk.Add(DiskEffectKind.Reload, default);
            return;
        }

        if (proposals.Synced < proposals.Last)
            return;

        // What was logged and not committed counts in the next election: it must be in memory as it is on disk.
        proposals.Commit(proposals.Last);
        _replica.ApplyCommitted();
        if (proposals.Count > 0)
            return;
        if (!(_now < Learner?.RestsUntil))
            Look();
    }

    private void Leave(string why)
    {
        _ensemble.Notice(NoticeKind.RoleEnded, Learner?.Master ?? _options.ServerId, why);
        _replica.StopServing();
        foreach (var learner in Master?.Learners ?? [])
            _outbox.Peers.Close(learner.Link);
        Observers = null;
        _election.Pause();
        _incoming = null;
        _remote.Service = null;
    }

    private void Look()
    {
        Leader = null;
        Learner = null;
        _ensemble.Epochs.OnLogged(_ensemble.History.Last.Epoch);
        _replica.BeAlone();
        _election.Look(_ensemble.KnownLast, _ensemble.Epochs.Current, _now);
        var has = $"history up to {_ensemble.KnownLast}, epoch {_ensemble.Epochs.Current}";
        _ensemble.Notice(NoticeKind.Looking, _options.ServerId, has);
    }
}
