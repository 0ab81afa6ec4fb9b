using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quoll.Core;
using Quoll.Protocol;

namespace Quoll.Server.Admin;

/// <summary>The answer to <c>mntr</c>: Apache's keys, those that mean something here.</summary>
internal static class MonitorReport
{
    public static string Render(Introspection about, ServerCounters counters)
    {
        var text = new StringBuilder();
        Add("version", ServerCounters.FullVersion);
        Add("server_state", "standalone");
        AddGauges();
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
            Number("global_sessions", about.SessionCount);
            Number("local_sessions", 0);
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
