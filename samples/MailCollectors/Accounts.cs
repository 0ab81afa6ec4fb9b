using Quoll.Recipes;

namespace Quoll.Samples.MailCollectors;

/// <summary>The accounts, by partition. Too many to be shared out one by one: what has an owner is a partition of two dozen.</summary>
internal sealed class Accounts
{
    public const int Count = 100_000;
    public const int Partitions = 4096;

    private readonly ILookup<int, string> _byPartition;

    public Accounts(PartitionGroup group) =>
        _byPartition = Enumerable.Range(0, Count).Select(number => $"user-{number}@example.org").ToLookup(group.PartitionOf);

    /// <summary>The accounts of a partition.</summary>
    public IReadOnlyList<string> In(int partition) => [.. _byPartition[partition]];
}
