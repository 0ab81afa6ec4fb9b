using System.Diagnostics;
using System.Globalization;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>A process of its own that holds a lock and works under it until it is refused, and says what it has seen.</summary>
internal static class HolderProgram
{
    /// <summary>What this program is told to be that, in place of running tests.</summary>
    public const string Verb = "hold-a-lock";

    // Between two steps of one that runs there is less, and of one that stood still until its session expired more.
    private static readonly TimeSpan Sleep = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(string connectionString, string sessionSeconds)
    {
        await using var client = await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = connectionString,
            SessionTimeout = TimeSpan.FromSeconds(double.Parse(sessionSeconds, CultureInfo.InvariantCulture)),
        });
        var held = await new DistributedLock(client, "/lock").AcquireAsync();
        Say("holds");
        if (!await WorkAsync(held))
            return 1;
        await held.DisposeAsync();
        Say("released");
        return 0;
    }

    private static async Task<bool> WorkAsync(LockHandle held)
    {
        var hasSlept = false;
        while (true)
        {
            var begun = Stopwatch.GetTimestamp();
            string? refusal = null;
            try
            {
                await held.Fenced.SetAsync("/data", "the holder"u8.ToArray());
            }
            catch (Exception e) when (e is ZooKeeperException or LockLostException)
            {
                refusal = $"{e.GetType().Name}: {e.Message}";
                if (e is LockLostException && hasSlept)
                {
                    Say("refused");
                    return true;
                }
            }

            if (hasSlept || (refusal is null && Stopwatch.GetElapsedTime(begun) < Sleep))
                continue;
            hasSlept = true;
            if (!held.Lost.IsCancellationRequested)
            {
                Console.WriteLine($"failed: the token had not fired ({refusal ?? "written"})");
                return false;
            }

            Say("the token came first");
            if (refusal is not null && refusal.StartsWith(nameof(LockLostException), StringComparison.Ordinal))
            {
                Say("refused");
                return true;
            }
        }
    }

    private static void Say(string step) => Console.WriteLine($"ok {step}");
}
