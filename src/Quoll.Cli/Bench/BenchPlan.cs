namespace Quoll.Cli.Bench;

/// <summary>What is asked of the servers.</summary>
internal enum BenchOperation
{
    /// <summary>Reads of one znode each.</summary>
    Get,

    /// <summary>Sets of one znode each.</summary>
    Set,

    /// <summary>New znodes.</summary>
    Create,

    /// <summary>Reads, and sets among them.</summary>
    Mixed,
}

/// <summary>How much of it.</summary>
/// <param name="Sessions">Clients, each with a session and a connection of its own.</param>
/// <param name="Outstanding">Requests that each session has under way when it is asked for as much as goes.</param>
/// <param name="Duration">How long each part is measured, behind a tenth of that to warm up.</param>
/// <param name="Rate">Requests a second at which latency is measured; null for half of what goes.</param>
internal sealed record BenchPlan(int Sessions, int Outstanding, TimeSpan Duration, double? Rate)
{
    /// <summary>Znodes that are read and set.</summary>
    public int Znodes { get; init; } = 1000;

    /// <summary>Bytes of data of each.</summary>
    public int Size { get; init; } = 100;

    /// <summary>How many of a hundred requests are sets, where they are mixed.</summary>
    public int Writes { get; init; } = 10;

    public TimeSpan Warmup => Duration / 10;
}

/// <summary>What came of requests that were made as fast as they were answered.</summary>
/// <param name="Answered">How many were answered while it was measured.</param>
/// <param name="Failed">How many failed.</param>
/// <param name="Elapsed">How long it was measured.</param>
internal sealed record Throughput(long Answered, long Failed, TimeSpan Elapsed)
{
    public double PerSecond => Answered / Elapsed.TotalSeconds;
}

/// <summary>What came of requests that were made at a fixed rate, whether those before were answered or not.</summary>
/// <param name="Rate">How many a second were to be made.</param>
/// <param name="Histogram">From the time that each was to be made to its answer: a delay counts for all that waited behind it.</param>
/// <param name="Failed">How many failed.</param>
/// <param name="Elapsed">From the first that counts until all are answered.</param>
internal sealed record Latency(double Rate, LatencyHistogram Histogram, long Failed, TimeSpan Elapsed)
{
    /// <summary>How many a second were answered. Less than the rate: the servers, or this machine, could not keep up.</summary>
    public double PerSecond => Histogram.Count / Elapsed.TotalSeconds;
}
