namespace Quoll.Recipes.Queueing;

/// <summary>A znode in a queue, by its name: what its owner wants, and the number that says who came first.</summary>
internal readonly record struct QueueEntry(string Name, QueueKind Kind, int Number)
{
    private static readonly (string Marker, QueueKind Kind)[] Markers =
    [
        ("-lock-", QueueKind.Exclusive), ("__lock__", QueueKind.Exclusive), ("__WRIT__", QueueKind.Exclusive),
        ("__READ__", QueueKind.Shared), ("__rlock__", QueueKind.Shared),
        ("-latch-", QueueKind.Latch), ("-lease-", QueueKind.Lease),
    ];

    /// <summary>
    /// Whether this one came before another. The server counts in 32 bits with a sign and goes on below zero (kazoo 730): numbers are
    /// compared by their distance, which is right as long as fewer than 2^31 znodes were created between the two.
    /// </summary>
    public bool IsBefore(QueueEntry other) => unchecked(Number - other.Number) < 0;

    /// <summary>Reads a name. What is not of a queue, or has another number than a server writes, is somebody else's and no
    /// entry.</summary>
    public static bool TryParse(string name, out QueueEntry entry)
    {
        entry = default;
        foreach (var (marker, kind) in Markers)
        {
            var at = name.LastIndexOf(marker, StringComparison.Ordinal);
            if (at < 0 || !SequenceNumber.TryParse(name.AsSpan(at + marker.Length), out var number))
                continue;
            entry = new QueueEntry(name, kind, number);
            return true;
        }

        return false;
    }

    /// <summary>What a name begins with, before the number that the server adds.</summary>
    /// <param name="style">Whose names.</param>
    /// <param name="kind">What its owner wants.</param>
    /// <param name="id">Whose it is.</param>
    /// <param name="isAmongReaders">Curator's readers wait for writers only whose names say that they are.</param>
    public static string Prefix(NameStyle style, QueueKind kind, Guid id, bool isAmongReaders = false) => (style, kind) switch
    {
        (NameStyle.Kazoo, QueueKind.Exclusive or QueueKind.Latch) => $"{id:N}__lock__",
        (NameStyle.Kazoo, QueueKind.Shared) => $"{id:N}__rlock__",
        (_, QueueKind.Shared) => $"_c_{id:D}-__READ__",
        (_, QueueKind.Latch) => $"_c_{id:D}-latch-",
        (_, QueueKind.Lease) => $"_c_{id:D}-lease-",
        (_, QueueKind.Exclusive) when isAmongReaders => $"_c_{id:D}-__WRIT__",
        _ => $"_c_{id:D}-lock-",
    };
}
