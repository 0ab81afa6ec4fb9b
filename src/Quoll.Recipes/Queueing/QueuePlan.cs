namespace Quoll.Recipes.Queueing;

/// <summary>Where to queue, and as what.</summary>
internal sealed record QueuePlan(string Path, QueueKind Kind, NameStyle Style, ReadOnlyMemory<byte> Data)
{
    /// <summary>How many may hold a lease at a time.</summary>
    public int Leases { get; init; } = 1;

    /// <summary>Whether readers queue there, too.</summary>
    public bool IsAmongReaders { get; init; }

    /// <summary>Whether to wait for the turn, or to leave at once if it is not.</summary>
    public bool WaitsForTurn { get; init; } = true;
}
