namespace Quoll.Simulator;

/// <summary>What is the same for the whole of a run, drawn from its seed.</summary>
internal sealed class Traits
{
    public Traits(int seed, bool hasObservers)
    {
        var random = new Random(~seed);
        FollowersServeObservers = hasObservers && seed % 2 == 0;
        OtherMakes = random.Next(3) == 0;
        SnapCount = random.Next(3) == 0 ? 30 : 120;
        ClientsTellEachOther = random.Next(4) == 0;
    }

    /// <summary>With observers, every other seed.</summary>
    public bool FollowersServeObservers { get; }

    /// <summary>Servers sometimes speak as Apache's do.</summary>
    public bool OtherMakes { get; }

    /// <summary>Transactions between two snapshots.</summary>
    public int SnapCount { get; }

    /// <summary>
    /// Few clients write, seldom; when one has, it tells the others beside the servers, and they ask for a sync and read what was written.
    /// </summary>
    public bool ClientsTellEachOther { get; }
}
