using Quoll.Protocol;

namespace Quoll.Core.Zab;

internal enum SyncKind
{
    /// <summary>The learner's history is a part of the leader's: the rest follows.</summary>
    Diff,

    /// <summary>It has something that the leader has not: that goes first.</summary>
    Truncate,

    /// <summary>A whole tree follows, and then the log after it.</summary>
    Snapshot,

    /// <summary>A whole tree of this epoch, so that what the learner has on disk beside it can never come back.</summary>
    SnapshotOfEpoch,
}

/// <summary>How a learner comes to have the leader's history: what is done first, and after which transaction the log follows.</summary>
internal readonly record struct SyncPlan(SyncKind Kind, Zxid From = default)
{
    /// <param name="learner">The last transaction that the learner has.</param>
    /// <param name="history">What the leader has.</param>
    /// <param name="cutsExactly">
    /// The learner cuts its log where it is told. An Apache server may keep a transaction beyond, and whatever a newer snapshot has.
    /// </param>
    public static SyncPlan For(Zxid learner, History history, bool cutsExactly)
    {
        if (history.LastUpTo(learner) is not { } common)
            return new SyncPlan(SyncKind.Snapshot);
        if (common == learner)
            return new SyncPlan(SyncKind.Diff, common);

        // A leader that proposed nothing in its epoch names the epoch itself. Its history is ours where we have that epoch.
        if (learner.Counter == 0 && (learner == default || history.HasEpoch(learner.Epoch)))
            return new SyncPlan(SyncKind.Diff, common);
        return cutsExactly ? new SyncPlan(SyncKind.Truncate, common) : new SyncPlan(SyncKind.SnapshotOfEpoch);
    }
}
