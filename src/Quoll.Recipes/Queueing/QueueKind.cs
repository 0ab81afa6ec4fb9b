namespace Quoll.Recipes.Queueing;

/// <summary>What those who queue want; their znodes' names say it.</summary>
internal enum QueueKind
{
    /// <summary>To be the only one.</summary>
    Exclusive,

    /// <summary>To be among others of this kind.</summary>
    Shared,

    /// <summary>To lead, in the queue of Curator's leader latch.</summary>
    Latch,

    /// <summary>One of a number of leases.</summary>
    Lease,
}
