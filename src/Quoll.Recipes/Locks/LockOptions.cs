namespace Quoll.Recipes;

/// <summary>How locks are taken.</summary>
public sealed record LockOptions
{
    /// <summary>Who wants the lock, for people who look at the queue; the znode's data.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>How the znodes are named, for other clients on the same path.</summary>
    public NameStyle NameStyle { get; init; }
}

/// <summary>Somebody who holds a lock or waits for it.</summary>
/// <param name="Identity">Who it is, by <see cref="LockOptions.Identity"/>.</param>
/// <param name="Path">His znode.</param>
/// <param name="Since">Since when he has been queueing.</param>
/// <param name="SessionId">His session.</param>
/// <param name="IsHolder">Whether it is his turn.</param>
public sealed record LockContender(string Identity, string Path, DateTimeOffset Since, long SessionId, bool IsHolder);

/// <summary>A lock was lost before what needed it was done: nothing was changed.</summary>
public sealed class LockLostException(string message) : Exception(message);
