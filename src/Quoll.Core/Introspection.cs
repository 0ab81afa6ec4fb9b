using Quoll.Core.Requests;
using Quoll.Core.Watches;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core;

/// <summary>What a leader tells of its learners and of what it proposed.</summary>
/// <param name="Followers">Voters that serve.</param>
/// <param name="Observers">Observers that serve.</param>
/// <param name="Learners">All that are connected, whether they serve or not yet.</param>
/// <param name="PendingSyncs">Syncs of learners' clients that wait.</param>
/// <param name="ProposalSizes">Bytes of its proposals.</param>
/// <param name="LastProposalSize">Bytes of the newest; -1 without any.</param>
/// <param name="LeadsFor">Milliseconds since it began to serve.</param>
public sealed record LeaderReport(
    IReadOnlyList<long> Followers, IReadOnlyList<long> Observers, int Learners, int PendingSyncs, Summary ProposalSizes,
    int LastProposalSize, long LeadsFor)
{
    internal static LeaderReport Of(Leader leader, int pendingSyncs, Instant now)
    {
        var serving = leader.Learners.Where(learner => learner.State == HandlerState.Active)
            .ToLookup(learner => learner.IsObserver, learner => learner.Server);
        return new LeaderReport(
            [.. serving[false]], [.. serving[true]], leader.Learners.Count, pendingSyncs, leader.Stats.Sizes, leader.Stats.LastSize,
            now - leader.Stats.Since);
    }
}

/// <summary>What the peer tells of itself to operators. Asked between two steps, on the peer's own thread.</summary>
public sealed class Introspection
{
    private readonly QuorumPeer _peer;
    private readonly Replica _replica;

    internal Introspection(QuorumPeer peer, Replica replica, RequestStats requests)
    {
        _peer = peer;
        _replica = replica;
        Requests = requests;
    }

    public IEnumerable<Client> Clients => _replica.Clients.All;

    /// <summary>What this server does in its ensemble; null if it stands alone.</summary>
    public Election.ServerState? State => _peer.State;

    /// <summary>True while clients are served.</summary>
    public bool Serves => _replica.Serves;

    /// <summary>Clients are served reads alone, for want of a leader.</summary>
    public bool IsReadOnly => _replica.Serves && _replica.Service!.Pipeline.IsReadOnly;

    /// <summary>What this server knows of the others, as their leader; null while it does not lead.</summary>
    public LeaderReport? Leader => _peer.LeaderReport;

    /// <summary>The server that this one follows, or observes; null while it follows none.</summary>
    public long? Follows => _peer.Follows;

    /// <summary>Observers that this server, as a follower, serves; null where it serves none.</summary>
    public int? SyncedObservers => _peer.SyncedObservers;

    public RequestStats Requests { get; }

    public int Outstanding => _replica.Service?.Pipeline.Outstanding ?? 0;

    public int ConnectionCount => _replica.Clients.Count;

    /// <summary>Frames of clients, since the start or the last reset.</summary>
    public long Received => Requests.Received;

    public long Sent => Requests.Sent;

    /// <summary>The wall clock's time, in milliseconds since 1970, at a moment of the monotonic clock.</summary>
    public long WallClockOf(long instant) => _replica.WallClock + (instant - _replica.Now.Milliseconds);

    public Zxid LastProcessed => _replica.Database.LastProcessed;

    /// <summary>Znodes; the root counts twice, as it does in Apache's server, where it has two names.</summary>
    public int ZnodeCount => _replica.Database.Tree.Count + 1;

    public int EphemeralCount => _replica.Database.Tree.Owned.EphemeralCount;

    /// <summary>Bytes of all paths and data; of the root's, as in Apache's server, one of its two names has a byte.</summary>
    public long ApproximateDataSize => _replica.Database.Tree.DataSize + 1;

    /// <summary>Sessions of the whole ensemble, with their timeouts in milliseconds.</summary>
    public IReadOnlyDictionary<long, int> Sessions => _replica.Database.Sessions;

    /// <summary>Sessions that this server alone knows.</summary>
    public int LocalSessionCount => _replica.Service?.Local.Count ?? 0;

    public ulong Digest => _replica.Database.Tree.Digest;

    /// <summary>Digests of every 128th zxid of the past.</summary>
    public IEnumerable<(Zxid Zxid, ulong Digest)> DigestHistory => _replica.Database.DigestHistory;

    public long DigestMismatches => _replica.Database.DigestMismatches;

    public int SnapshotsBegun => _replica.Snapshots.Begun;

    /// <summary>Watches of all kinds.</summary>
    public int WatchCount => Watches?.Count ?? 0;

    private WatchManager? Watches => _replica.Service?.Pipeline.Watches;

    /// <summary>Watched paths, watches and watching connections; of the data table alone, as Apache's server reports them.</summary>
    public (int Connections, int Paths, int Watches) DataWatches =>
        Watches is { Data: var data } ? (data.ClientCount, data.PathCount, data.WatchCount) : default;

    /// <summary>Events of a type and how many connections each went to.</summary>
    public Summary WatchEvents(EventType type) => Watches?.Fired[(int)type] ?? new Summary();

    /// <summary>The data watches of each connection that has any.</summary>
    public IEnumerable<(Client Client, List<byte[]> Paths)> WatchesByClient()
    {
        foreach (var client in _replica.Clients.All)
        {
            var paths = new List<byte[]>();
            Watches?.Data.ForEachPath(client, paths.Add);
            if (paths.Count > 0)
                yield return (client, paths);
        }
    }

    /// <summary>The ephemerals of each session that has any.</summary>
    public IEnumerable<(long Session, List<byte[]> Paths)> Ephemerals()
    {
        var tree = _replica.Database.Tree;
        foreach (var session in tree.Owned.Sessions)
        {
            var paths = new List<byte[]>();
            for (var node = tree.Owned.FirstEphemeral(session); node != 0; node = tree.BranchOf(node).NextOwned)
                paths.Add(tree.PathOf(node).ToArray());
            yield return (session, paths);
        }
    }

    /// <summary>
    /// Sessions by the time at which they end, in milliseconds of the monotonic clock: those of the whole ensemble, where this server
    /// lets them end, or those that it alone knows.
    /// </summary>
    public IEnumerable<(long Expiry, IReadOnlyList<long> Sessions)> SessionBuckets(bool local) =>
        ((local ? _replica.Service?.Local : _replica.Service?.Sessions)?.Buckets() ?? [])
            .Select(bucket => (bucket.Expiry, (IReadOnlyList<long>)[.. bucket.Sessions.Select(s => s.Id)]));

    public void ResetStats()
    {
        Requests.Reset();
        foreach (var summary in Watches?.Fired ?? [])
            summary.Reset();
    }
}
