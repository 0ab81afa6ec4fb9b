namespace Quoll.Protocol;

/// <summary>What an ACL entry allows: the bits of <c>ZooDefs.Perms</c>.</summary>
[Flags]
public enum Permissions
{
    None = 0,
    Read = 1,
    Write = 2,
    Create = 4,
    Delete = 8,
    Admin = 16,
    All = 31,
}

/// <summary>The flags of a create request: the numbers of <c>CreateMode</c>.</summary>
public enum CreateMode
{
    Persistent = 0,
    Ephemeral = 1,
    PersistentSequential = 2,
    EphemeralSequential = 3,
    Container = 4,
    PersistentTtl = 5,
    PersistentSequentialTtl = 6,
}

/// <summary>What happened to a watched znode: the numbers of <c>Watcher.Event.EventType</c> that a server sends.</summary>
public enum EventType
{
    NodeCreated = 1,
    NodeDeleted = 2,
    NodeDataChanged = 3,
    NodeChildrenChanged = 4,
}

/// <summary>Which watches checkWatches and removeWatches mean: the numbers of <c>Watcher.WatcherType</c>.</summary>
public enum WatcherType
{
    Children = 1,
    Data = 2,
    Any = 3,
    Persistent = 4,
    PersistentRecursive = 5,
}

/// <summary>The transaction ids that stand for something else than a client's request.</summary>
public static class ReservedXid
{
    public const int Notification = -1;
    public const int Ping = -2;
    public const int Auth = -4;
}
