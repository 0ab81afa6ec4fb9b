namespace Quoll.Recipes;

/// <summary>How a <see cref="WorkQueue"/> is used.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>
    /// How many items the queue may have, those that are being worked on included. It can be exceeded by as many as are being put in at
    /// the same time. Everybody decides for himself what he takes for too many.
    /// </summary>
    public int MaxItems { get; init; } = 10_000;

    /// <summary>Who takes items, for people who look: the data of the znodes that say that an item is taken.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}:{Environment.ProcessId}";
}

/// <summary>How an item is put in.</summary>
public readonly record struct EnqueueOptions()
{
    /// <summary>From 0 to 999; what has a lower one is handed out first. Among equals, the first comes first.</summary>
    public int Priority { get; init; } = 100;

    /// <summary>
    /// When the item may be handed out, by the clock of whoever takes it (<see cref="Client.ZooKeeperClientOptions.TimeProvider"/>), to
    /// the millisecond; at once if null.
    /// </summary>
    public DateTimeOffset? NotBefore { get; init; }
}
