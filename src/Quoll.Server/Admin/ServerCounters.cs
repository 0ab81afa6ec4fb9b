using System.Reflection;
using Quoll.Core;

namespace Quoll.Server.Admin;

/// <summary>What the host counts beside what the peer knows of itself. Read and written without a lock: they are for the eye.</summary>
internal sealed class ServerCounters
{
    public long ConnectionRequests { get; set; }

    public long ConnectionsRejected { get; set; }

    public long SnapshotsWritten { get; set; }

    /// <summary>Duration of the log's syncs, in milliseconds.</summary>
    public Summary SyncTimes { get; } = new();

    public DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;

    public void AddSync(TimeSpan took) => SyncTimes.Add((long)took.TotalMilliseconds);

    /// <summary>The protocol level that clients may expect, then our own version, in the form that tools parse.</summary>
    public static string FullVersion { get; } = $"3.9.5-quoll-{OwnVersion}, built on {Built:yyyy-MM-dd HH:mm} UTC";

    public static string OwnVersion => typeof(ServerCounters).Assembly.GetName().Version!.ToString(3);

    private static DateTime Built =>
        File.GetLastWriteTimeUtc(Path.Combine(AppContext.BaseDirectory, Assembly.GetExecutingAssembly().GetName().Name + ".dll"));
}
