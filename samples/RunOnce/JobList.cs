using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.RunOnce;

/// <summary>The jobs: a znode for each, without data until it is done, and then with its result.</summary>
internal sealed class JobList(ZooKeeperClient client)
{
    public const string Root = "/jobs";
    public const string Jobs = $"{Root}/list";
    private const string Locks = $"{Root}/locks";

    /// <summary>Puts a job on the list. Whoever puts one of the same name does so in vain: so it is there once, whoever may do this
    /// twice.</summary>
    public async Task PutAsync(string job, CancellationToken stop)
    {
        await client.TryCreateAsync(Root, cancellationToken: stop);
        await client.TryCreateAsync(Jobs, cancellationToken: stop);
        await client.TryCreateAsync($"{Jobs}/{job}", cancellationToken: stop);
    }

    /// <summary>Removes the oldest of those that are done, but for so many.</summary>
    public async Task ForgetAsync(int kept, CancellationToken stop)
    {
        var names = (await client.GetChildrenAsync(Jobs, stop)).Names;
        foreach (var job in names.Order(StringComparer.Ordinal).SkipLast(kept))
        {
            if (!await IsToDoAsync(job, stop))
                await client.TryDeleteAsync($"{Jobs}/{job}", cancellationToken: stop);
        }
    }

    /// <summary>The jobs that are to be done and that nobody is at, by what a cache of <see cref="Root"/> knows.</summary>
    public static IEnumerable<string> Free(TreeSnapshot snapshot) =>
        from job in snapshot.Find(Jobs)?.Children.Values ?? []
        where job.Data.IsEmpty && snapshot.Find($"{Locks}/{job.Name}") is not { Children.Count: > 0 }
        select job.Name;

    /// <summary>The right to do a job, for one host at a time.</summary>
    public DistributedLock LockOf(string job, string host) => new(client, $"{Locks}/{job}", new LockOptions { Identity = host });

    /// <summary>Whether a job is still to be done. Who has its lock knows for certain: whatever was recorded under the lock before, his
    /// server had seen when it gave him the lock.</summary>
    public async Task<bool> IsToDoAsync(string job, CancellationToken stop) =>
        await client.TryGetAsync($"{Jobs}/{job}", stop) is { Data.Length: 0 };

    /// <summary>Records a result, if there is none yet and the lock is still held.</summary>
    public static async Task RecordAsync(LockHandle held, string job, string result) =>
        await held.Fenced.SetAsync($"{Jobs}/{job}", Encoding.UTF8.GetBytes(result), version: 0);
}
