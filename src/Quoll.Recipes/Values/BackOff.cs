using Quoll.Client;

namespace Quoll.Recipes;

/// <summary>Pauses of those who got in each other's way.</summary>
internal static class BackOff
{
    private const int LongestMilliseconds = 64;

    /// <summary>
    /// Waits for a time that is different for each session: up to a millisecond in the first round, and up to twice as long in each that
    /// follows, until that is long enough.
    /// </summary>
    public static Task PauseAsync(ZooKeeperClient client, int round, CancellationToken cancellation)
    {
        // Drawn from what is known, so that a run can be repeated; the factor spreads numbers that are near each other.
        var drawn = (ushort)(unchecked((ulong)((client.Session?.Id ?? 0) + round) * 0x9E37_79B9_7F4A_7C15) >> 48);
        var most = Math.Min(1 << Math.Min(round, 16), LongestMilliseconds);
        var pause = TimeSpan.FromMilliseconds((double)most * drawn / ushort.MaxValue);
        return Queueing.Pauses.ForAsync(pause, client.Options.TimeProvider, cancellation);
    }
}
