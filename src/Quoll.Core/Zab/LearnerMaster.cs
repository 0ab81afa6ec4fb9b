using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

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
/// One that others learn from: a leader, or a follower that serves observers in its place. It brings each to its own history, and from then
/// on tells it what is committed.
/// </summary>
internal abstract class LearnerMaster
{
    private static readonly List<LearnerHandler> Nobody = [];
    private readonly Ensemble? _ensemble;
    private readonly ILearnerRequests? _requests;
    private readonly LearnerSet? _set;

    /// <summary>The master of nobody.</summary>
    protected LearnerMaster()
    {
    }

    protected LearnerMaster(Ensemble ensemble, ILearnerRequests requests, Instant now)
    {
        _ensemble = ensemble;
        _requests = requests;
        _set = new LearnerSet(ensemble.Self, ensemble.Config);
        Now = now;
    }

    public List<LearnerHandler> Learners => _set?.All ?? Nobody;

    public abstract long Epoch { get; }

    public abstract Proposals Proposals { get; }

    /// <summary>Its history is that of its epoch: a snapshot of it is one of this epoch.</summary>
    public abstract bool HasEpoch { get; }

    /// <summary>A learner needs a snapshot that is not there: the peer begins one.</summary>
    public bool WantsSnapshot => Learners.Exists(learner => learner.State == HandlerState.AwaitingSnapshot);

    protected bool IsAlone => _ensemble is null;

    protected Ensemble Ensemble => _ensemble!;

    protected LearnerSet Set => _set!;

    /// <summary>Null as long as nobody can be brought to anything.</summary>
    protected LearnerSync Sync { get; set; } = null!;

    protected Instant Now { get; set; }

    public void OnSnapshotSaved(Zxid zxid) => Sync?.OnSnapshotSaved(zxid);

    public void OnLink(Link link) => Set.Add(new LearnerHandler(link) { Deadline = Now + Ensemble.InitTime });

    public void OnLinkDown(Link link)
    {
        if (Set.Find(link) is { } gone)
            Set.Remove(gone);
    }

    /// <summary>What came can't be a packet.</summary>
    public void OnFault(Link link, string fault)
    {
        if (Set.Find(link) is { } learner)
            Refuse(learner, fault);
    }

    public void OnPacket(Link link, scoped in QuorumPacket packet)
    {
        if (Set.Find(link) is not { } learner)
            return;
        learner.Deadline = Now + (learner.State == HandlerState.Active ? Ensemble.SyncTime : Ensemble.InitTime);
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

    /// <summary>A learner has said who it is, and which epoch it has promised.</summary>
    protected abstract void OnIntroduced(LearnerHandler learner, Zxid promised);

    /// <summary>It has promised the epoch, and tells its history. False for what can't be read.</summary>
    protected abstract bool OnPromise(LearnerHandler learner, scoped in QuorumPacket packet);

    /// <summary>It has this history on disk.</summary>
    protected abstract void OnInSync(LearnerHandler learner);

    /// <summary>A learner that serves has more on disk.</summary>
    protected virtual void OnAcked()
    {
    }

    /// <summary>A transaction is committed, and nobody has been told.</summary>
    protected virtual void OnCommitting(Zxid zxid)
    {
    }

    /// <summary>It has answered a ping.</summary>
    protected virtual void OnPong(LearnerHandler learner)
    {
    }

    protected void AskForPromise(LearnerHandler learner)
    {
        Span<byte> version = [0, 1, 0, 0];
        Ensemble.Peers.Send(learner.Link, PacketType.LeaderInfo, Zxid.OfEpoch(Epoch), version);
        learner.State = HandlerState.Asked;
    }

    /// <summary>Sends what was committed since, and what is still to be; from here on, it is sent everything.</summary>
    protected void Activate(LearnerHandler learner)
    {
        learner.State = HandlerState.Active;
        Ensemble.Notice(NoticeKind.LearnerInSync, learner.Server, $"it had {learner.LastZxid} and was sent up to {learner.Sent}");
        learner.Deadline = Now + Ensemble.SyncTime;
        learner.Acked = learner.Sent;
        Ensemble.Peers.Send(learner.Link, PacketType.UpToDate, new Zxid(-1));
        Sync.SendLog(learner, asInforms: learner.IsObserver);
        foreach (var proposal in Proposals)
        {
            if (proposal.Zxid > learner.Sent && (!learner.IsObserver || proposal.Zxid <= Proposals.Committed))
                SendOutstanding(learner, proposal);
        }
    }

    /// <summary>Tells those who serve what has been committed after this.</summary>
    protected void SendCommits(Zxid after)
    {
        foreach (var proposal in Proposals)
        {
            if (proposal.Zxid > Proposals.Committed)
                break;
            if (proposal.Zxid <= after)
                continue;
            OnCommitting(proposal.Zxid);
            SendCommit(proposal);
        }
    }

    protected void RefuseLate()
    {
        foreach (var late in Learners.Where(learner => Now >= learner.Deadline).ToList())
            Refuse(late, "it was not heard in time");
    }

    /// <summary>Ends a connection that says what it should not.</summary>
    protected void Refuse(LearnerHandler learner, string why)
    {
        Ensemble.Notices.Add(learner.Refused(why));
        Ensemble.Peers.Close(learner.Link);
        Set.Remove(learner);
    }

    private void SendOutstanding(LearnerHandler learner, in Proposal proposal)
    {
        var peers = Ensemble.Peers;
        peers.Send(learner.Link, learner.IsObserver ? PacketType.Inform : PacketType.Proposal, proposal.Zxid, proposal.Txn.Span);
        if (!learner.IsObserver && proposal.Zxid <= Proposals.Committed)
            peers.Send(learner.Link, PacketType.Commit, proposal.Zxid);
    }

    private void SendCommit(in Proposal proposal)
    {
        var peers = Ensemble.Peers;
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

    private bool OnIntroduction(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        if (learner.Introduce(packet, Ensemble) is { } fault)
        {
            Refuse(learner, fault);
            return true;
        }

        if (Set.FindOther(learner, learner.Server) is { } older)
            Refuse(older, "it has connected anew, or another server has its number");
        OnIntroduced(learner, new Zxid(packet.Zxid));
        return true;
    }

    private bool OnAck(LearnerHandler learner, Zxid zxid)
    {
        if (learner.State == HandlerState.Syncing)
        {
            // An acknowledgement of a transaction may come before that of the epoch; it says nothing that the epoch's does not.
            if (zxid != Zxid.OfEpoch(Epoch))
                return true;
            learner.State = HandlerState.Synced;
            OnInSync(learner);
            return true;
        }

        // UPTODATE is acknowledged with the epoch, a second time. What was sent before it may be acknowledged at any time before.
        if (!learner.IsLive || (zxid > Proposals.Last && zxid != Zxid.OfEpoch(Epoch)))
            return false;
        if (learner.State == HandlerState.Active && zxid.Counter != 0 && zxid > learner.Acked)
        {
            learner.Acked = zxid;
            OnAcked();
        }

        return true;
    }

    private bool OnPong(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        OnPong(learner);
        return _requests!.OnTouched(packet);
    }
}
