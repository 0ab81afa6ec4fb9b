using System.Numerics;

namespace Quoll.Cli.Bench;

/// <summary>
/// Counts of latencies by how long they were, each to a hundredth at least: powers of two, each in 128 equal steps. Anybody may record at
/// the same time.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;

    // Up to 2^43 ns, which is more than two hours; what is longer counts as that.
    private const int Powers = 43 - StepBits;
    private readonly long[] _counts = new long[(Powers + 1) * Steps];
    private long _count;
    private long _sum;
    private long _max;

    public long Count => Interlocked.Read(ref _count);

    public TimeSpan Max => FromNanoseconds(Interlocked.Read(ref _max));

    public TimeSpan Mean => Count == 0 ? default : FromNanoseconds(Interlocked.Read(ref _sum) / Count);

    public void Record(TimeSpan latency)
    {
        var nanoseconds = Math.Max(0, latency.Ticks * TimeSpan.NanosecondsPerTick);
        Interlocked.Increment(ref _counts[IndexOf(nanoseconds)]);
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _sum, nanoseconds);
        for (var seen = Interlocked.Read(ref _max); nanoseconds > seen;)
        {
            var before = Interlocked.CompareExchange(ref _max, nanoseconds, seen);
            if (before == seen)
                break;
            seen = before;
        }
    }

    /// <summary>The latency that so many of a hundred do not exceed; never less than it was.</summary>
    public TimeSpan Percentile(double percent)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        long seen = 0;
        for (var index = 0; index < _counts.Length; index++)
        {
            seen += Interlocked.Read(ref _counts[index]);
            if (seen >= wanted)
                return FromNanoseconds(Math.Min(HighestOf(index), Interlocked.Read(ref _max)));
        }

        return Max;
    }

    // Below 128 ns each has a place of its own; above, the highest bit says which row, and the seven behind it the place there.
    private static int IndexOf(long nanoseconds)
    {
        var power = Math.Max(0, BitOperations.Log2((ulong)nanoseconds) - StepBits + 1);
        return power > Powers
            ? ((Powers + 1) * Steps) - 1
            : (power * Steps) + (int)(power == 0 ? nanoseconds : (nanoseconds >>> (power - 1)) - Steps);
    }

    private static long HighestOf(int index)
    {
        var (power, step) = Math.DivRem(index, Steps);
        return power == 0 ? step : ((step + Steps + 1L) << (power - 1)) - 1;
    }

    private static TimeSpan FromNanoseconds(long nanoseconds) => new(nanoseconds / TimeSpan.NanosecondsPerTick);
}
