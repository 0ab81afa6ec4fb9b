using Quoll.Core.Access;
using Quoll.Core.Requests;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Core.Zab;
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

    /// <summary>The epochs that the disk tells of: the newest promised, and the newest accepted.</summary>
    public long AcceptedEpoch { get; set; }

    public long CurrentEpoch { get; set; }

    /// <summary>
    /// Nothing was found where there should be something: what this server has acknowledged is not known, and so it has no say in an
    /// election, nor in an epoch, before a leader has given it a history (<c>db.autocreate=false</c>).
    /// </summary>
    public bool IsLost { get; set; }

    internal Database Database { get; }

    internal History History { get; } = new(default);

    /// <summary>The snapshot that was loaded.</summary>
    internal Zxid? Snapshot { get; private set; }

    /// <summary>Reads a snapshot of this zxid into the state; the source calls the handler for each part.</summary>
    public void Load(Zxid zxid, Action<ISnapshotHandler> source)
    {
        var loader = new SnapshotLoader(Database, zxid);
        source(loader);
        OnLoaded(loader);
        Snapshot = zxid;
    }

    internal void OnLoaded(SnapshotLoader loader)
    {
        loader.Complete();
        History.RestartAt(Database.LastProcessed);
    }

    /// <summary>Replays a transaction of the log.</summary>
    /// <exception cref="InvalidTransactionException">It can't be read, or can't be so; the fault is the file's.</exception>
    public void Replay(ReadOnlySpan<byte> txn)
    {
        try
        {
            _applier.Apply(txn);
            Remember(new Zxid(_applier.Header.Zxid));
        }
        catch (InvariantViolationException e)
        {
            throw new InvalidTransactionException(e.Message);
        }
    }

    // A server that stands alone may number in a way that no leader does.
    private void Remember(Zxid zxid)
    {
        if (zxid <= History.Last)
            return;
        if (History.MayFollow(zxid))
            History.Append(zxid);
        else
            History.RestartAt(zxid);
    }
}
