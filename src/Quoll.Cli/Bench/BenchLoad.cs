using System.Diagnostics;
using Quoll.Client;

namespace Quoll.Cli.Bench;

/// <summary>Makes requests, as many as go, or so many a second.</summary>
/// <param name="plan">How many, and for how long.</param>
/// <param name="ask">Makes one; it is told the how manieth it is.</param>
internal sealed class BenchLoad(BenchPlan plan, Func<long, ValueTask> ask)
{
    private long _number;
    private long _failed;
    private long _answered;
    private long _underWay;

    /// <summary>Each session has so many requests under way, and makes the next when one is answered.</summary>
    public async Task<Throughput> MeasureThroughputAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var workers = Enumerable.Range(0, plan.Sessions * plan.Outstanding).Select(_ => Task.Run(() => WorkAsync(over.Token))).ToArray();
        try
        {
            await Task.Delay(plan.Warmup, stop);
            var (answered, failed, start) = (Interlocked.Read(ref _answered), Interlocked.Read(ref _failed), Stopwatch.GetTimestamp());
            await Task.Delay(plan.Duration, stop);
            return new Throughput(
                Interlocked.Read(ref _answered) - answered, Interlocked.Read(ref _failed) - failed, Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(workers);
        }
    }

    /// <summary>
    /// Makes requests at fixed times, whatever becomes of those before, and counts the latency of each from its time on. Thus a server
    /// that stands still for a second is seen by all who would have asked in that second, and not by one ("coordinated omission").
    /// </summary>
    public async Task<Latency> MeasureLatencyAsync(double rate, CancellationToken stop)
    {
        var histogram = new LatencyHistogram();
        var failed = Interlocked.Read(ref _failed);
        var start = Stopwatch.GetTimestamp();
        var counts = start + ToTicks(plan.Warmup);
        await Task.Factory.StartNew(
            () => Generate(rate, (start, counts, counts + ToTicks(plan.Duration)), histogram, stop), stop,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);

        // Also when it is to end: what is under way would come behind the clearing up. Each fails if it takes too long.
        while (Interlocked.Read(ref _underWay) > 0)
            await Task.Delay(1, CancellationToken.None);
        stop.ThrowIfCancellationRequested();
        return new Latency(rate, histogram, Interlocked.Read(ref _failed) - failed, Stopwatch.GetElapsedTime(counts));
    }

    private static long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);

    private async Task WorkAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            if (await TryAskAsync())
                Interlocked.Increment(ref _answered);
            else
                Interlocked.Increment(ref _failed);
        }
    }

    // On a thread of its own, which does nothing else.
    private void Generate(
        double rate, (long Start, long Counts, long End) times, LatencyHistogram histogram, CancellationToken stop)
    {
        var interval = Stopwatch.Frequency / rate;
        for (long made = 0; !stop.IsCancellationRequested; made++)
        {
            var due = times.Start + (long)(made * interval);
            if (due >= times.End)
                return;
            while (Stopwatch.GetTimestamp() is var now && now < due)
                FineSleep.Until(due - now);
            while (Interlocked.Read(ref _underWay) >= MostUnderWay && !stop.IsCancellationRequested)
                Thread.Sleep(1);
            Interlocked.Increment(ref _underWay);
            _ = AskAtAsync(due, due >= times.Counts ? histogram : null);
        }
    }

    // Requests that would have been made wait here where the servers are so far behind; their latency goes on meanwhile.
    private long MostUnderWay => 10_000L * plan.Sessions;

    private async Task AskAtAsync(long due, LatencyHistogram? histogram)
    {
        try
        {
            var isAnswered = await TryAskAsync();
            if (isAnswered)
                histogram?.Record(Stopwatch.GetElapsedTime(due));
            else if (histogram is not null)
                Interlocked.Increment(ref _failed);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async ValueTask<bool> TryAskAsync()
    {
        try
        {
            await ask(Interlocked.Increment(ref _number));
            return true;
        }
        catch (ZooKeeperException)
        {
            // Counted and told: servers that fail are part of what is measured.
            return false;
        }
    }
}
