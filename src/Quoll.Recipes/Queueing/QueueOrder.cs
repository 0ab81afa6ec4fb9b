namespace Quoll.Recipes.Queueing;

/// <summary>How somebody stands in a queue.</summary>
/// <param name="IsThere">His znode is among the children; otherwise somebody deleted it, or its session has ended.</param>
/// <param name="Blocker">The znode that must go before it can be his turn; null when it is.</param>
/// <param name="Position">How many are before him that he waits for.</param>
internal readonly record struct Standing(bool IsThere, string? Blocker, int Position)
{
    public bool IsTurn => IsThere && Blocker is null;
}

/// <summary>
/// Whose turn it is, from the names of a queue's znodes alone. Everybody but the first waits for one znode only, the nearest one before his
/// own that stands in his way, so that a release wakes one and not all.
/// </summary>
internal static class QueueOrder
{
    public static Standing Of(IEnumerable<string> children, string ours, int leases = 1)
    {
        if (!QueueEntry.TryParse(ours, out var own))
            throw new ArgumentException($"'{ours}' is no name of a queue.", nameof(ours));
        var isThere = false;
        var position = 0;
        QueueEntry? nearest = null;
        foreach (var child in children)
        {
            if (child == ours)
            {
                isThere = true;
                continue;
            }

            if (!QueueEntry.TryParse(child, out var entry) || !StandsInTheWay(entry, own))
                continue;
            position++;
            if (nearest is null || nearest.Value.IsBefore(entry))
                nearest = entry;
        }

        return new Standing(isThere, own.Kind == QueueKind.Lease && position < leases ? null : nearest?.Name, position);
    }

    /// <summary>The entries of a queue, the first first.</summary>
    public static List<QueueEntry> Sorted(IEnumerable<string> children, params ReadOnlySpan<QueueKind> kinds)
    {
        var entries = new List<QueueEntry>();
        foreach (var child in children)
        {
            if (QueueEntry.TryParse(child, out var entry) && kinds.Contains(entry.Kind))
                entries.Add(entry);
        }

        entries.Sort((one, other) => one == other ? 0 : one.IsBefore(other) ? -1 : 1);
        return entries;
    }

    // Readers wait for earlier writers only: waiting for later ones too would be a dead lock (kazoo 649).
    private static bool StandsInTheWay(QueueEntry entry, QueueEntry own) =>
        entry.IsBefore(own) && own.Kind switch
        {
            QueueKind.Exclusive => entry.Kind is QueueKind.Exclusive or QueueKind.Shared,
            QueueKind.Shared => entry.Kind == QueueKind.Exclusive,
            _ => entry.Kind == own.Kind,
        };
}
