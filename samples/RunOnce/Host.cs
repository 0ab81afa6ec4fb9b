using System.Globalization;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.RunOnce;

/// <summary>Runs jobs, one at a time, whichever nobody else is at.</summary>
internal sealed class Host(string name, TimeSpan duration, JobList jobs)
{
    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        var duration = TimeSpan.FromSeconds(double.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        var host = new Host(run.Arguments[0], duration, new JobList(client));

        // Tells when a job comes, and when a lock is given back, or goes with the session of its holder.
        await using var cache = new TreeCache(client, JobList.Root);
        await foreach (var snapshot in cache.ObserveSnapshotsAsync(run.Stop))
            await host.RunOneOfAsync(JobList.Free(snapshot), run.Stop);
    }

    private async Task RunOneOfAsync(IEnumerable<string> free, CancellationToken stop)
    {
        foreach (var job in free)
        {
            await using var held = await jobs.LockOf(job, name).TryAcquireAsync(cancellationToken: stop);
            if (held is null || !await jobs.IsToDoAsync(job, stop))
                continue;
            await RunAsync(job, held, stop);

            // Much has happened meanwhile.
            return;
        }
    }

    private async Task RunAsync(string job, LockHandle held, CancellationToken stop)
    {
        Console.WriteLine($"{name} begins {job} with the token {held.FencingToken}");
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, held.Lost);
            await Task.Delay(duration, ending.Token);
            await JobList.RecordAsync(held, job, $"{name}, with the token {held.FencingToken}");
            Console.WriteLine($"{name} has done {job}");
        }
        catch (Exception e) when (e is LockLostException or ZooKeeperException || (e is OperationCanceledException && held.IsLost))
        {
            // It is done again, by whoever gets the lock next, if it is not recorded.
            Console.WriteLine($"{name} can't tell that it has done {job}: {e.Message}");
        }
    }
}
