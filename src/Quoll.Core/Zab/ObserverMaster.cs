using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>
/// A follower that serves observers, so that its leader need not send everything to each of them. It has no say in anything: an epoch, and
/// what is committed, it knows from its leader. Who comes before it follows itself waits.
/// </summary>
internal sealed class ObserverMaster : LearnerMaster
{
    private readonly Learner _learner;
    private Instant _nextPing;
    private Zxid _told;
    private bool _begun;

    public ObserverMaster(Ensemble ensemble, ILearnerRequests requests, Learner learner, Instant now)
        : base(ensemble, requests, now) => _learner = learner;

    public override long Epoch => _learner.Epoch;

    public override Proposals Proposals => _learner.Proposals;

    public override bool HasEpoch => true;

    /// <summary>This server is in sync with its leader.</summary>
    public void Begin(Zxid? snapshot)
    {
        _begun = true;
        _told = Proposals.Committed;
        Sync = new LearnerSync(Ensemble, this, snapshot);
        foreach (var learner in Set.Where(HandlerState.Introduced))
            AskForPromise(learner);
    }

    /// <summary>
    /// The leader may have committed something. To be said before that is applied: all that is committed is told, whether it was proposed
    /// before the first observer came or after (ZOOKEEPER-5088).
    /// </summary>
    public void OnCommitted()
    {
        if (!_begun || Proposals.Committed == _told)
            return;
        var before = _told;
        _told = Proposals.Committed;
        SendCommits(before);
        foreach (var learner in Learners)
        {
            if (learner.State == HandlerState.Promised)
                StartUnlessAhead(learner);
        }
    }

    public void Advance(Instant now)
    {
        Now = now;
        RefuseLate();
        if (now < _nextPing)
            return;
        _nextPing = now + (Ensemble.TickTime / 2);
        PacketBytes? ping = null;
        foreach (var learner in Set.Where(HandlerState.Active))
            Ensemble.Peers.Send(learner.Link, ping ??= Ensemble.Peers.Write(PacketType.Ping, Proposals.Last));
    }

    protected override void OnIntroduced(LearnerHandler learner, Zxid promised)
    {
        if (!learner.IsObserver)
            Refuse(learner, "it is no observer: it has to go to the leader");
        else if (_begun)
            AskForPromise(learner);
    }

    protected override bool OnPromise(LearnerHandler learner, scoped in QuorumPacket packet)
    {
        var reader = new JuteReader(packet.Data.Span);
        var epoch = reader.ReadInt();
        learner.LastZxid = new Zxid(packet.Zxid);
        if (reader.Malformed)
            return false;
        learner.State = HandlerState.Promised;
        if (epoch > Epoch || learner.LastZxid.Epoch > Epoch)
            Refuse(learner, $"its history (epoch {epoch}, {learner.LastZxid}) is ahead of this follower's");
        else
            StartUnlessAhead(learner);
        return true;
    }

    protected override void OnInSync(LearnerHandler learner) => Activate(learner);

    // An observer has only what is committed. One that comes from another server may know of it earlier than this one: it is not made to
    // forget what its clients have seen, but waits until this server has heard of it, too.
    private void StartUnlessAhead(LearnerHandler learner)
    {
        if (learner.LastZxid.Epoch < Epoch || learner.LastZxid.Counter == 0 || learner.LastZxid <= Proposals.Committed)
            Sync.Start(learner);
    }
}
