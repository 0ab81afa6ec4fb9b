namespace Quoll.Client;

/// <summary>
/// A change of the servers that an ensemble consists of, for <see cref="ZooKeeperClient.ReconfigureAsync"/>: either who joins and who
/// leaves, or all members. Servers are written as in the configuration file: <c>server.4=zk4:2888:3888:participant;2181</c>.
/// </summary>
public sealed record Reconfiguration
{
    /// <summary>Servers that join, or that are to have another line than before.</summary>
    public IReadOnlyList<string> Joining { get; init; } = [];

    /// <summary>The numbers of the servers that leave.</summary>
    public IReadOnlyList<long> Leaving { get; init; } = [];

    /// <summary>All servers that there are to be, instead of who joins and leaves.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>The version that the configuration must have, as its znode says it; -1 for whatever it has.</summary>
    public long Version { get; init; } = -1;

    internal void Validate()
    {
        if (Members.Count > 0 == (Joining.Count + Leaving.Count > 0))
            throw new ArgumentException("A reconfiguration says who joins and who leaves, or who all the members are.");
    }
}
