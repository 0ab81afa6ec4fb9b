using Quoll.Cli.Bench;
using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Tests.Cli;

public sealed class BenchLoadTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_stands_still_is_seen_by_all_who_would_have_asked_meanwhile()
    {
        // Twenty to warm up, and two hundred that are counted: nobody is answered before the last of them has asked.
        var plan = new BenchPlan(Sessions: 1, Outstanding: 1, TimeSpan.FromMilliseconds(200), Rate: null);
        var everybody = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var load = new BenchLoad(plan, async number =>
        {
            if (number == 220)
                everybody.SetResult();
            await everybody.Task;
        });
        var latency = await load.MeasureLatencyAsync(rate: 1000, Stop);
        Assert.Equal(200, latency.Histogram.Count);
        Assert.Equal(0, latency.Failed);

        // Whoever was to ask 150 ms before the last has waited at least as long, and a quarter of them has.
        Assert.True(latency.Histogram.Percentile(100) >= TimeSpan.FromMilliseconds(198));
        Assert.True(latency.Histogram.Percentile(76) >= TimeSpan.FromMilliseconds(150));
        Assert.True(latency.Histogram.Percentile(51) >= TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Requests_that_fail_are_counted_apart()
    {
        var plan = new BenchPlan(Sessions: 1, Outstanding: 2, TimeSpan.FromMilliseconds(50), Rate: null);
        var load = new BenchLoad(plan, number => number % 2 == 0
            ? ValueTask.CompletedTask
            : throw new ZooKeeperException(ErrorCode.QuotaExceeded, RequestOutcome.Refused, "/x", "a quota"));
        var latency = await load.MeasureLatencyAsync(rate: 1000, Stop);
        Assert.Equal(50, latency.Histogram.Count + latency.Failed);
        Assert.InRange(latency.Failed, 25, 30);
    }

    [Fact]
    public async Task As_many_go_as_are_answered()
    {
        var plan = new BenchPlan(Sessions: 2, Outstanding: 3, TimeSpan.FromMilliseconds(20), Rate: null);
        var (most, now) = (0, 0);
        var load = new BenchLoad(plan, async _ =>
        {
            var under = Interlocked.Increment(ref now);
            InterlockedMax(ref most, under);
            await Task.Yield();
            Interlocked.Decrement(ref now);
        });
        var throughput = await load.MeasureThroughputAsync(Stop);
        Assert.True(throughput.Answered > 0);
        Assert.Equal(throughput.Answered / throughput.Elapsed.TotalSeconds, throughput.PerSecond);
        Assert.InRange(most, 1, 6);
        Assert.Equal(0, now);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }
}
