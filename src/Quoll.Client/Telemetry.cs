using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Quoll.Client.Requests;
using Quoll.Client.Session;
using Quoll.Protocol;

namespace Quoll.Client;

/// <summary>
/// Traces and metrics, by OpenTelemetry's conventions for database clients. The source and the meter are called
/// <see cref="Name"/>. Without a listener they cost next to nothing.
/// </summary>
public static class Telemetry
{
    /// <summary>The name of the activity source and of the meter: what a program adds to its OpenTelemetry set-up.</summary>
    public const string Name = "Quoll.Client";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly ConcurrentDictionary<SessionHost, bool> Hosts = new();

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "db.client.operation.duration", "s", "How long requests took, from the call to the answer.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
        });

    private static readonly Counter<long> Changes = Meter.CreateCounter<long>(
        "zookeeper.client.session.changes", "{change}", "Changes of the connection's state.");

    static Telemetry()
    {
        Meter.CreateObservableUpDownCounter(
            "zookeeper.client.requests.pending", () => Hosts.Keys.Sum(host => host.PendingRequests), "{request}",
            "Requests under way or waiting.");
        Meter.CreateObservableUpDownCounter(
            "zookeeper.client.watch.active", () => Hosts.Keys.Sum(host => host.ActiveWatches), "{watch}", "Watches set at servers.");
        Meter.CreateObservableGauge(
            "zookeeper.client.session.lease_margin",
            () => Hosts.Keys.Min(host => host.Session?.LeaseRemaining.TotalSeconds) ?? 0,
            "s", "For how much longer the session nearest to its end certainly lives.");
    }

    internal static void Add(SessionHost host) => Hosts.TryAdd(host, true);

    internal static void Remove(SessionHost host) => Hosts.TryRemove(host, out _);

    internal static void OnChange(StateChange change) =>
        Changes.Add(1, new KeyValuePair<string, object?>("zookeeper.client.state", change.State.ToString()));

    internal static void OnBegin(Request request)
    {
        if (Duration.Enabled)
            request.StartedAt = Stopwatch.GetTimestamp();
        if (!Source.HasListeners())
            return;
        // The caller's own activity stays the current one: other things of his are not part of this request.
        var callers = Activity.Current;
        request.Activity = Source.StartActivity(Names.Of(request.OpCode), ActivityKind.Client);
        request.Activity?.SetTag("db.system.name", "zookeeper");
        request.Activity?.SetTag("db.operation.name", Names.Of(request.OpCode));
        Activity.Current = callers;
    }

    internal static void OnDone(Request request, Failure? failure)
    {
        if (request.StartedAt != 0)
            Record(request, failure);
        if (request.Activity is not { } activity)
            return;
        if (failure is not null)
        {
            activity.SetTag("error.type", failure.Error.ToString());
            activity.SetStatus(ActivityStatusCode.Error);
        }

        activity.Stop();
    }

    private static void Record(Request request, Failure? failure)
    {
        var tags = new TagList { { "db.system.name", "zookeeper" }, { "db.operation.name", Names.Of(request.OpCode) } };
        if (failure is not null)
            tags.Add("error.type", failure.Error == ErrorCode.Ok ? "canceled" : failure.Error.ToString());
        Duration.Record(Stopwatch.GetElapsedTime(request.StartedAt).TotalSeconds, tags);
    }
}
