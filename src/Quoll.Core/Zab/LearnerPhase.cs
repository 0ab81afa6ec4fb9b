namespace Quoll.Core.Zab;

/// <summary>How far a learner has come with its leader.</summary>
internal enum LearnerPhase
{
    Connecting,

    /// <summary>Has said who it is, and waits for the epoch.</summary>
    Introduced,
    SavingAcceptedEpoch,

    /// <summary>Has promised the epoch, and takes what it lacks.</summary>
    Syncing,

    /// <summary>The disk drops what the leader does not have.</summary>
    Truncating,

    /// <summary>A tree is coming.</summary>
    ReceivingSnapshot,

    /// <summary>Has the leader's history, and waits until the disk has it too.</summary>
    SavingHistory,
    SavingCurrentEpoch,

    /// <summary>Has acknowledged the epoch, and waits until a quorum has.</summary>
    Synced,

    /// <summary>Serves.</summary>
    Active,
}
