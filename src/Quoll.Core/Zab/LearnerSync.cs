using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>
/// Brings learners to their master's history: the rest of the log, from disk; with a snapshot before it where the log does not reach back
/// far enough. Only what is committed is sent before a learner has the epoch, and nothing between NEWLEADER and UPTODATE: several versions
/// of Apache's server stumble over it (ZOOKEEPER-4394, ZOOKEEPER-4685, ZOOKEEPER-3023).
/// </summary>
/// <param name="ensemble">The ensemble.</param>
/// <param name="master">Whose history it is. All that its epoch began with is committed by now.</param>
/// <param name="snapshot">The newest snapshot on disk.</param>
internal sealed class LearnerSync(Ensemble ensemble, LearnerMaster master, Zxid? snapshot)
{
    private readonly Zxid _initial = master.Proposals.Committed;
    private Zxid? _snapshot = snapshot;
    private bool _isOfEpoch;

    /// <summary>What is committed and can be read back.</summary>
    private Zxid Sendable => master.Proposals.Committed < master.Proposals.Synced ? master.Proposals.Committed : master.Proposals.Synced;

    /// <summary>Sends what the learner lacks; or leaves it as it is, to be tried again when more is on this disk.</summary>
    public void Start(LearnerHandler learner)
    {
        // To one that has nothing, a tree is less than all that has ever become of it.
        var plan = learner.LastZxid == default && _snapshot > default(Zxid)
            ? new SyncPlan(SyncKind.Snapshot)
            : Committed(SyncPlan.For(learner.LastZxid, ensemble.History, learner.CutsExactly), learner.CutsExactly);
        switch (plan.Kind)
        {
            case SyncKind.SnapshotOfEpoch when WouldTakeWhatCounts(learner):
                break;
            case SyncKind.Diff:
                ensemble.Peers.Send(learner.Link, PacketType.Diff, master.Proposals.Committed);
                Finish(learner, plan.From);
                break;
            case SyncKind.Truncate:
                ensemble.Peers.Send(learner.Link, PacketType.Truncate, plan.From);
                Finish(learner, plan.From);
                break;
            case SyncKind.Snapshot when _snapshot is { } there && there >= ensemble.History.Start:
                SendSnapshot(learner, there, there);
                break;
            case SyncKind.SnapshotOfEpoch when _isOfEpoch:
                SendSnapshotOfEpoch(learner);
                break;
            default:
                learner.State = HandlerState.AwaitingSnapshot;
                break;
        }
    }

    // Who comes back in the same epoch may have been sent what is not committed yet. It would serve that, as all that it comes with; so it
    // gives it back, and is sent it anew, as a proposal.
    private SyncPlan Committed(SyncPlan plan, bool cutsExactly)
    {
        var committed = master.Proposals.Committed;
        if (plan.Kind is not (SyncKind.Diff or SyncKind.Truncate) || plan.From <= committed)
            return plan;
        return cutsExactly ? new SyncPlan(SyncKind.Truncate, committed) : new SyncPlan(SyncKind.SnapshotOfEpoch);
    }

    // A tree replaces all that the learner has. Some of that may be committed because it is there, while this disk does not have it yet.
    private bool WouldTakeWhatCounts(LearnerHandler learner) =>
        !learner.IsObserver && Sendable < master.Proposals.Committed && Sendable < learner.LastZxid;

    /// <summary>A snapshot has come to the disk. It is of this epoch: it was begun after the epoch was established.</summary>
    public void OnSnapshotSaved(Zxid zxid)
    {
        _snapshot = zxid;
        _isOfEpoch = master.HasEpoch && zxid >= _initial;
        if (!_isOfEpoch)
            return;
        foreach (var learner in master.Learners)
        {
            if (learner.State == HandlerState.AwaitingSnapshot)
                SendSnapshotOfEpoch(learner);
        }
    }

    /// <summary>Sends what is committed after what was sent.</summary>
    public void SendLog(LearnerHandler learner, bool asInforms)
    {
        var upTo = Sendable;
        if (upTo <= learner.Sent)
            return;
        ensemble.Peers.SendLog(learner.Link, learner.Sent, upTo, asInforms);
        learner.Sent = upTo;
    }

    // Before the first transaction of the epoch, its number is that of the epoch: larger than what the learner may still have on disk.
    private void SendSnapshotOfEpoch(LearnerHandler learner)
    {
        var zxid = _snapshot!.Value;
        SendSnapshot(learner, zxid, zxid.Epoch < master.Epoch ? Zxid.OfEpoch(master.Epoch) : zxid);
    }

    private void SendSnapshot(LearnerHandler learner, Zxid zxid, Zxid name)
    {
        ensemble.Peers.Send(learner.Link, PacketType.Snapshot, name);
        ensemble.Peers.SendSnapshot(learner.Link, zxid);
        Finish(learner, zxid);
    }

    private void Finish(LearnerHandler learner, Zxid from)
    {
        learner.Sent = from;
        SendLog(learner, asInforms: false);
        ensemble.Peers.Send(learner.Link, PacketType.NewLeader, Zxid.OfEpoch(master.Epoch), ensemble.ConfigText);
        learner.State = HandlerState.Syncing;
    }
}
