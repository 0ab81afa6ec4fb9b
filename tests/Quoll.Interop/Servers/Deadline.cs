using System.Diagnostics;

namespace Quoll.Interop.Servers;

/// <summary>Waiting for a condition, never for a time to pass.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<T> PollAsync<T>(TimeSpan within, string what, Func<Task<T?>> probe, Func<string>? explain = null)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await probe() is { } found)
                return found;

            if (Stopwatch.GetElapsedTime(started) > within)
                throw new TimeoutException($"{what}: not within {within.TotalSeconds} s\n{explain?.Invoke()}");

            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    public static Task UntilAsync(TimeSpan within, string what, Func<Task<bool>> probe, Func<string>? explain = null) =>
        PollAsync(within, what, async () => await probe() ? what : null, explain);
}
