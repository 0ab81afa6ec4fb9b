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
        await foreach (var _ in cache.ObserveSnapshotsAsync(run.Stop))
        {
            var names = (await theLock.GetContendersAsync(run.Stop)).Select(contender => contender.Identity);
            Console.WriteLine($"the lock's queue: {string.Join(' ', names)}");
        }
    }
}
