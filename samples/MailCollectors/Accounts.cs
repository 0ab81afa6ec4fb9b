using Quoll.Recipes;

namespace Quoll.Samples.MailCollectors;

/// <summary>The accounts, by partition. Too many to be shared out one by one: what has an owner is a partition of two dozen.</summary>
internal sealed class Accounts
{
    public const int Count = 100_000;
    public const int Partitions = 4096;

    // Numbers, and not names: each worker has all of them, and there are many workers on this machine.
    private readonly List<int>[] _byPartition = [.. Enumerable.Range(0, Partitions).Select(_ => new List<int>())];

    public Accounts(PartitionGroup group)
    {
        for (var number = 0; number < Count; number++)
            _byPartition[group.PartitionOf(NameOf(number))].Add(number);
    }

    /// <summary>The accounts of a partition.</summary>
    public IReadOnlyList<string> In(int partition) => [.. _byPartition[partition].Select(NameOf)];

    private static string NameOf(int number) => $"user-{number}@example.org";
}
