using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Server.Config;

namespace Quoll.Server.Admin;

/// <summary>The answer to <c>mntr</c>: Apache's keys, those that mean something here.</summary>
internal static class MonitorReport
{
    public static string Render(Introspection about, ServerCounters counters, QuorumSettings config)
    {
        var text = new StringBuilder();
        Add("version", ServerCounters.FullVersion);
        Add("server_state", StatusReport.Mode(about));
        AddGauges();
        if (config.Ensemble is { } ensemble)
        {
            Add("peer_state", PeerState(about));
            foreach (var (key, value) in OfEnsemble(about, ensemble))
                Number(key, value);
        }

        Number("connection_request_count", counters.ConnectionRequests);
        Number("connection_rejected", counters.ConnectionsRejected);
        Number("snap_count", counters.SnapshotsWritten);
        Number("digest_mismatches_count", about.DigestMismatches);
        AddSummary("fsynctime", counters.SyncTimes);
        AddSummary("readlatency", about.Requests.ReadLatency);
        AddSummary("updatelatency", about.Requests.UpdateLatency);
        AddSummary("node_created_watch_count", about.WatchEvents(EventType.NodeCreated));
        AddSummary("node_deleted_watch_count", about.WatchEvents(EventType.NodeDeleted));
        AddSummary("node_changed_watch_count", about.WatchEvents(EventType.NodeDataChanged));
        AddSummary("node_children_watch_count", about.WatchEvents(EventType.NodeChildrenChanged));
        return text.ToString();

        void AddGauges()
        {
            Add("avg_latency", StatusReport.Average(about.Requests.Latency));
            Number("max_latency", about.Requests.Latency.Max);
            Number("min_latency", about.Requests.Latency.Min);
            Number("packets_received", about.Received);
            Number("packets_sent", about.Sent);
            Number("num_alive_connections", about.ConnectionCount);
            Number("outstanding_requests", about.Outstanding);
            Number("uptime", (long)(DateTimeOffset.UtcNow - counters.Started).TotalMilliseconds);
            Number("znode_count", about.ZnodeCount);
            Number("watch_count", about.WatchCount);
            Number("ephemerals_count", about.EphemeralCount);
            Number("approximate_data_size", about.ApproximateDataSize);
            Number("global_sessions", about.Sessions.Count);
            Number("local_sessions", about.LocalSessionCount);
            Number("open_file_descriptor_count", OpenFiles());
            Number("max_file_descriptor_count", MaxOpenFiles());
        }

        void Add(string key, string value) => text.Append("zk_").Append(key).Append('\t').Append(value).Append('\n');

        void Number(string key, long value) => Add(key, value.ToString(CultureInfo.InvariantCulture));

        void AddSummary(string key, Summary summary)
        {
            Add("avg_" + key, StatusReport.Average(summary));
            Number("min_" + key, summary.Min);
            Number("max_" + key, summary.Max);
            Number("cnt_" + key, summary.Count);
            Number("sum_" + key, summary.Sum);
        }
    }

    private static IEnumerable<(string Key, long Value)> OfEnsemble(Introspection about, EnsembleConfig ensemble)
    {
        yield return ("quorum_size", ensemble.Voters.Count);
        if (about.Follows is { } followed)
        {
            yield return ("leader_id", followed);
            if (about.State == ServerState.Observing)
                yield return ("observer_master_id", followed);
        }

        if (about.SyncedObservers is { } served)
            yield return ("synced_observers", served);
        if (about.Leader is not { } leader)
            yield break;
        var any = leader.ProposalSizes.Count > 0;
        yield return ("learners", leader.Learners);
        yield return ("synced_followers", leader.Followers.Count);
        yield return ("synced_non_voting_followers", leader.Followers.Count(follower => !ensemble.Voters.Contains(follower)));
        yield return ("synced_observers", leader.Observers.Count);
        yield return ("pending_syncs", leader.PendingSyncs);
        yield return ("leader_uptime", leader.LeadsFor);
        yield return ("last_proposal_size", leader.LastProposalSize);
        yield return ("max_proposal_size", any ? leader.ProposalSizes.Max : -1);
        yield return ("min_proposal_size", any ? leader.ProposalSizes.Min : -1);
    }

    private static string PeerState(Introspection about) => about.State switch
    {
        ServerState.Leading => about.Serves ? "leading - broadcast" : "leading - synchronization",
        ServerState.Following => about.Serves ? "following - broadcast" : "following - synchronization",
        ServerState.Observing => about.Serves ? "observing - broadcast" : "observing - synchronization",
        _ => "looking - election",
    };

    private static int OpenFiles() =>
        OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : Process.GetCurrentProcess().HandleCount;

    private static long MaxOpenFiles()
    {
        if (!OperatingSystem.IsLinux())
            return -1;
        var line = File.ReadLines("/proc/self/limits").First(limit => limit.StartsWith("Max open files", StringComparison.Ordinal));
        var fields = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : -1;
    }
}
