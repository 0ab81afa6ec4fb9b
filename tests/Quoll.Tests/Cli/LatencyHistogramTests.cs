using Quoll.Cli.Bench;

namespace Quoll.Tests.Cli;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_are_right_to_a_hundredth_and_never_too_low()
    {
        var random = new Random(7);
        var (histogram, all) = (new LatencyHistogram(), new List<TimeSpan>());
        for (var i = 0; i < 100_000; i++)
        {
            var latency = TimeSpan.FromMicroseconds(Math.Exp(random.NextDouble() * 20));
            histogram.Record(latency);
            all.Add(latency);
        }

        all.Sort();
        Assert.Equal(100_000, histogram.Count);
        Assert.Equal(all[^1], histogram.Max);
        foreach (var percent in (double[])[1, 50, 90, 99, 99.9, 99.99, 100])
        {
            var exact = all[(int)Math.Ceiling(all.Count * percent / 100) - 1];
            Assert.InRange(histogram.Percentile(percent), exact, exact * 1.01 + TimeSpan.FromTicks(1));
        }
    }

    [Fact]
    public void What_is_too_long_or_less_than_nothing_counts_all_the_same()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(99));
        histogram.Record(TimeSpan.FromTicks(-5));
        histogram.Record(TimeSpan.FromDays(30));
        Assert.Equal(2, histogram.Count);
        Assert.Equal(TimeSpan.FromDays(30), histogram.Max);
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(50));
        Assert.True(histogram.Percentile(100) > TimeSpan.FromHours(2));
    }
}
