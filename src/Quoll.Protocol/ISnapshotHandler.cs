using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Protocol;

/// <summary>Takes the parts of a snapshot in their order, as a reader comes to them.</summary>
public interface ISnapshotHandler
{
    /// <summary>The length of the file, before anything else: what follows is about that much, or more if it is compressed.</summary>
    void OnLength(long bytes)
    {
    }

    void OnSession(long sessionId, int timeout);

    void OnAcl(long key, JuteVector<Acl> acl);

    /// <summary>A znode; its parent came before it. The path of the root is empty.</summary>
    void OnZnode(JuteBytes path, JuteBytes data, long aclKey, in StatPersisted stat);

    /// <summary>The digest of the tree at a zxid, which need not be the snapshot's own.</summary>
    void OnDigest(Zxid zxid, int version, long digest);
}

/// <summary>Thrown by a handler: a part that can't be so. The snapshot is of no use; the next older one may do.</summary>
public sealed class InvalidSnapshotException(string message) : Exception(message);

/// <summary>Thrown by who replays a log: a transaction that was written whole, and yet can't be so.</summary>
public sealed class InvalidTransactionException(string message) : Exception(message);
