namespace Quoll.Simulator;

/// <summary>What happens to a server at which a fault may do most harm.</summary>
internal enum Moment
{
    Elected,

    /// <summary>An epoch was promised, on disk.</summary>
    Promised,

    /// <summary>An epoch has become its own, on disk.</summary>
    EpochSaved,

    /// <summary>It has sent somebody its history, and NEWLEADER.</summary>
    HistorySent,
    Leads,
    Follows,
    SnapshotBegun,
    SnapshotSaved,
    Cut,
    Adopted,
    RoleEnded,
}
