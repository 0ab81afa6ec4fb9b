using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quoll.Cli.Bench;

/// <summary>Sleeps for less than a millisecond, which the framework cannot.</summary>
internal static class FineSleep
{
    private static readonly bool HasNanosleep = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Sleeps for about so many of <see cref="Stopwatch"/>'s ticks.</summary>
    public static void Until(long ticks)
    {
        var nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency));
        if (!HasNanosleep)
        {
            Thread.Sleep(nanoseconds > 1_000_000 ? 1 : 0);
            return;
        }

        // Interrupted, or a little late: the caller looks at the time.
        var time = new TimeSpec { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
        _ = Nanosleep(in time, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Nanosleep(in TimeSpec time, nint remaining);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
