using System.Runtime.InteropServices;
using Quoll.Client;

namespace Quoll.Recipes;

/// <summary>Pauses of those who got in each other's way.</summary>
internal static class Chance
{
    private const int LongestMilliseconds = 64;

    /// <summary>Waits for a time drawn by chance: up to a millisecond in the first round, and up to twice as long in each that
    /// follows, until that is long enough.</summary>
    public static Task PauseAsync(ZooKeeperClient client, int round, CancellationToken cancellation)
    {
        var id = Guid.NewGuid();
        var drawn = MemoryMarshal.Read<ushort>(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in id)));
        var most = Math.Min(1 << Math.Min(round, 16), LongestMilliseconds);
        var pause = TimeSpan.FromMilliseconds((double)most * drawn / ushort.MaxValue);
        return Task.Delay(pause, client.Options.TimeProvider, cancellation);
    }
}
