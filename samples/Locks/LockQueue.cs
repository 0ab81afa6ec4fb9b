using Quoll.Recipes;

namespace Quoll.Samples.Locks;

/// <summary>Shows who holds the lock, and who is to hold it after him.</summary>
internal static class LockQueue
{
    public const string Lock = "/lock";

    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        var theLock = new DistributedLock(client, Lock);
        await using var cache = new TreeCache(client, Lock);

        // The cache says when something has changed, and the lock who that is, in their order.
        var last = "";
        await foreach (var _ in cache.ObserveSnapshotsAsync(run.Stop))
        {
            var contenders = await theLock.GetContendersAsync(run.Stop);
            var now = string.Join(' ', contenders.Select(contender => contender.Identity));
            if (now != last)
                Console.WriteLine($"the lock's queue: {last = now}");
        }
    }
}
