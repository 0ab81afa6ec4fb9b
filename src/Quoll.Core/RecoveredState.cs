using Quoll.Core.Access;
using Quoll.Core.Requests;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Protocol;

namespace Quoll.Core;

/// <summary>
/// What a server has when it starts: filled from a snapshot and then, transaction by transaction, from the log. A snapshot that turns
/// out to be bad costs only this object: begin again with a new one.
/// </summary>
public sealed class RecoveredState
{
    private readonly TxnApplier _applier;

    public RecoveredState(PeerOptions options)
    {
        Database = new Database(options);
        var watches = new WatchManager(options, new Outbox(), new ClientRegistry(), Database.Tree.Acls, new AccessControl(options));
        _applier = new TxnApplier(Database, watches);
    }

    public Zxid LastZxid => Database.LastProcessed;

    public int ZnodeCount => Database.Tree.Count;

    public int SessionCount => Database.Sessions.Count;

    public ulong Digest => Database.Tree.Digest;

    /// <summary>Transactions replayed whose digest was not what came out.</summary>
    public long DigestMismatches => Database.DigestMismatches;

    internal Database Database { get; }

    /// <summary>Reads a snapshot of this zxid into the state; the source calls the handler for each part.</summary>
    public void Load(Zxid zxid, Action<ISnapshotHandler> source)
    {
        var loader = new SnapshotLoader(Database, zxid);
        source(loader);
        loader.Complete();
    }

    /// <summary>Replays a transaction of the log.</summary>
    /// <exception cref="InvalidTransactionException">It can't be read, or can't be so; the fault is the file's.</exception>
    public void Replay(ReadOnlySpan<byte> txn)
    {
        try
        {
            _applier.Apply(txn);
        }
        catch (InvariantViolationException e)
        {
            throw new InvalidTransactionException(e.Message);
        }
    }
}
