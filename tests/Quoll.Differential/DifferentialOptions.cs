using Quoll.Differential.Comparing;

namespace Quoll.Differential;

/// <summary>Where a server listens.</summary>
public sealed record Endpoint(string Host, int Port)
{
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>What a run does.</summary>
public sealed record DifferentialOptions(Endpoint Left, Endpoint Right)
{
    public ServerKind LeftIs { get; init; }

    public ServerKind RightIs { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>The number of the first sequence; a sequence depends on the seed and its number alone.</summary>
    public int First { get; init; }

    public int Sequences { get; init; } = 100;

    /// <summary>Ops in a sequence.</summary>
    public int Length { get; init; } = 40;

    /// <summary>Whether several ops of one session go out in one write.</summary>
    public bool Pipeline { get; init; }

    /// <summary>Whether sessions are left to expire, for servers whose shortest session timeout is a fraction of a second.</summary>
    public bool Expire { get; init; }

    /// <summary>Whether a server is a member of an ensemble, so that reads may lag and barriers need a sync.</summary>
    public bool Ensemble { get; init; }

    /// <summary>The password of the super user, where both servers know one; with it nothing a sequence makes is out of reach.</summary>
    public string? Super { get; init; }

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many different sequences may differ before the run stops.</summary>
    public int MaxDifferences { get; init; } = 1;

    /// <summary>How many times a differing sequence may be run again in search of a shorter one.</summary>
    public int ShrinkRuns { get; init; } = 400;

    public bool Verbose { get; init; }

    /// <summary>Only say what would be sent.</summary>
    public bool ListOnly { get; init; }

    /// <summary>For testing the tester: replies of the right server to this request type have their last bit flipped.</summary>
    public int? CorruptRepliesTo { get; init; }
}

/// <summary>
/// What a run found: a readable account of each sequence that differs whenever it is run, and the same for those which
/// differed once and not again. The sequences and ops counted are all that were run, differing ones included.
/// </summary>
public sealed record DifferentialReport(
    int Sequences,
    int Ops,
    IReadOnlyList<string> Differences,
    IReadOnlyList<string> Unstable)
{
    /// <summary>How often each kind of answer came, so that one can see what the sequences reached.</summary>
    public required IReadOnlyDictionary<string, int> Mix { get; init; }
}
