namespace Quoll.Recipes;

/// <summary>What a <see cref="TreeCache"/> keeps, and how it reads.</summary>
public sealed record TreeCacheOptions
{
    /// <summary>How far below its path: 0 is that znode alone, 1 its children too. Everything, if nothing is said.</summary>
    public int MaxDepth { get; init; } = int.MaxValue;

    /// <summary>Which znodes are kept, by their paths; what is not kept is not read, nor what is below it. It must say the same each time.
    /// All, if nothing is said.</summary>
    public Func<string, bool>? Filter { get; init; }

    /// <summary>How many reads may be under way at a time.</summary>
    public int MaxParallelReads { get; init; } = 64;

    /// <summary>Changed znodes that wait to be read, at most; at more than that, all is read anew.</summary>
    public int MaxPendingChanges { get; init; } = 100_000;

    /// <summary>Whether to watch all by one recursive watch, where the server has that (3.6 and later). Otherwise each znode has two
    /// watches of its own.</summary>
    public bool UsesRecursiveWatch { get; init; } = true;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaxDepth);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelReads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPendingChanges, 1);
    }
}
