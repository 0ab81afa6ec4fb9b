namespace Quoll.Client;

/// <summary>What a watch tells.</summary>
public enum WatchEventKind
{
    /// <summary>Nothing about a single znode: events may have been missed, or will not come. Read anew what you rely on.</summary>
    Resync = 0,

    /// <summary>The znode was created.</summary>
    Created = 1,

    /// <summary>The znode was deleted.</summary>
    Deleted = 2,

    /// <summary>The znode's data was set, whether to something else or not.</summary>
    DataChanged = 3,

    /// <summary>A child was created or deleted.</summary>
    ChildrenChanged = 4,
}

/// <summary>Why a watcher has to read anew.</summary>
public enum ResyncReason
{
    /// <summary>The event is no <see cref="WatchEventKind.Resync"/>.</summary>
    None,

    /// <summary>The watch has just been set: what was before is not told.</summary>
    Initial,

    /// <summary>The connection was lost and there is another: a persistent watch tells nothing of the time between.</summary>
    Reconnected,

    /// <summary>The reader was slower than the events, and the buffer was full.</summary>
    BufferOverflow,

    /// <summary>The session ended. A stream goes on in the next; a single watch is over.</summary>
    NewSession,

    /// <summary>The client was closed, or the watch was: nothing will come any more.</summary>
    Closed,
}

/// <summary>An event of a watch.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Path">The znode to which it happened; for <see cref="WatchEventKind.Resync"/> the path that is watched.</param>
/// <param name="Zxid">The change's zxid, from servers that tell it (3.9 and later, and Quoll's); otherwise -1.</param>
/// <param name="Reason">Why to read anew, where that is to be done.</param>
public readonly record struct WatchEvent(WatchEventKind Kind, string Path, long Zxid, ResyncReason Reason);

/// <summary>Which changes a stream of events is about: the modes of <c>addWatch</c>.</summary>
public enum WatchMode
{
    /// <summary>The znode's creation, deletion and data, and its children's coming and going.</summary>
    Persistent = 0,

    /// <summary>Creation, deletion and data of the znode and of all below it.</summary>
    PersistentRecursive = 1,
}
