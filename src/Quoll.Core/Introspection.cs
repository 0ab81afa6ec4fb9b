using Quoll.Core.Requests;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Protocol;

namespace Quoll.Core;

/// <summary>What the peer tells of itself to operators. Asked between two steps, on the peer's own thread.</summary>
public sealed class Introspection
{
    private readonly Database _database;
    private readonly SessionTracker _sessions;
    private readonly ClientRegistry _clients;
    private readonly RequestPipeline _pipeline;
    private readonly SnapshotWriter _snapshots;

    internal Introspection(
        Database database, SessionTracker sessions, ClientRegistry clients, RequestPipeline pipeline, SnapshotWriter snapshots)
    {
        _database = database;
        _sessions = sessions;
        _clients = clients;
        _pipeline = pipeline;
        _snapshots = snapshots;
    }

    public IEnumerable<Client> Clients => _clients.All;

    public RequestStats Requests => _pipeline.Stats;

    public int Outstanding => _pipeline.Outstanding;

    public int ConnectionCount => _clients.Count;

    /// <summary>Frames of clients, since the start or the last reset.</summary>
    public long Received => _pipeline.Stats.Received;

    public long Sent => _pipeline.Stats.Sent;

    /// <summary>The wall clock's time, in milliseconds since 1970, at a moment of the monotonic clock.</summary>
    public long WallClockOf(long instant) => _pipeline.WallClock + (instant - _pipeline.Now.Milliseconds);

    public Zxid LastProcessed => _database.LastProcessed;

    /// <summary>Znodes; the root counts twice, as it does in Apache's server, where it has two names.</summary>
    public int ZnodeCount => _database.Tree.Count + 1;

    public int EphemeralCount => _database.Tree.Owned.EphemeralCount;

    /// <summary>Bytes of all paths and data; of the root's, as in Apache's server, one of its two names has a byte.</summary>
    public long ApproximateDataSize => _database.Tree.DataSize + 1;

    public int SessionCount => _sessions.Count;

    public ulong Digest => _database.Tree.Digest;

    /// <summary>Digests of every 128th zxid of the past.</summary>
    public IEnumerable<(Zxid Zxid, ulong Digest)> DigestHistory => _database.DigestHistory;

    public long DigestMismatches => _database.DigestMismatches;

    public int SnapshotsBegun => _snapshots.Begun;

    /// <summary>Watches of all kinds.</summary>
    public int WatchCount => _pipeline.Watches.Count;

    /// <summary>Watched paths, watches and watching connections; of the data table alone, as Apache's server reports them.</summary>
    public (int Connections, int Paths, int Watches) DataWatches =>
        (_pipeline.Watches.Data.ClientCount, _pipeline.Watches.Data.PathCount, _pipeline.Watches.Data.WatchCount);

    /// <summary>Events of a type and how many connections each went to.</summary>
    public Summary WatchEvents(EventType type) => _pipeline.Watches.Fired[(int)type];

    /// <summary>The data watches of each connection that has any.</summary>
    public IEnumerable<(Client Client, List<byte[]> Paths)> WatchesByClient()
    {
        foreach (var client in _clients.All)
        {
            var paths = new List<byte[]>();
            _pipeline.Watches.Data.ForEachPath(client, paths.Add);
            if (paths.Count > 0)
                yield return (client, paths);
        }
    }

    /// <summary>The ephemerals of each session that has any.</summary>
    public IEnumerable<(long Session, List<byte[]> Paths)> Ephemerals()
    {
        var tree = _database.Tree;
        foreach (var session in tree.Owned.Sessions)
        {
            var paths = new List<byte[]>();
            for (var node = tree.Owned.FirstEphemeral(session); node != 0; node = tree.BranchOf(node).NextOwned)
                paths.Add(tree.PathOf(node).ToArray());
            yield return (session, paths);
        }
    }

    /// <summary>Sessions by the time at which they end, in milliseconds of the monotonic clock.</summary>
    public IEnumerable<(long Expiry, IReadOnlyList<long> Sessions)> SessionBuckets() =>
        _sessions.Buckets().Select(bucket => (bucket.Expiry, (IReadOnlyList<long>)[.. bucket.Sessions.Select(s => s.Id)]));

    public void ResetStats()
    {
        _pipeline.Stats.Reset();
        foreach (var summary in _pipeline.Watches.Fired)
            summary.Reset();
    }
}
