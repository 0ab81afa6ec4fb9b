using System.Diagnostics;
using Quoll.Recipes;

namespace Quoll.Samples.MailCollectors;

/// <summary>Collects the accounts of the partitions that it owns, each every few seconds, and tells everybody how much that is.</summary>
internal sealed class Worker(string name, Accounts accounts, ArchiveClient archive)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MailServersTakeTheirTime = TimeSpan.FromMilliseconds(5);

    private int _owned;
    private int _collected;

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        using var archive = await ArchiveClient.ConnectAsync(client, name, run.Stop);
        var group = new PartitionGroup(client, "/mail/accounts", Accounts.Partitions);
        var worker = new Worker(name, new Accounts(group), archive);
        await using var listed = await new GroupMembership(client, "/mail/workers").JoinAsync(name, worker.TakeLoad().Write(), run.Stop);
        await using var member = await group.JoinAsync(name, run.Stop);
        Console.WriteLine($"{name} collects, process {Environment.ProcessId}");

        // Whichever of the two fails, the other ends as well.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        Task[] works = [worker.CollectAsync(member, ending.Token), worker.TellLoadAsync(listed, ending.Token)];
        await Task.WhenAny(works);
        await ending.CancelAsync();
        try
        {
            await Task.WhenAll(works);
        }
        catch (IOException e)
        {
            Console.WriteLine($"{name} leaves: {e.Message}");
        }
    }

    // One task for each partition that is owned.
    private Task CollectAsync(PartitionMember member, CancellationToken stop) => Parallel.ForEachAsync(
        member.TakeAsync(stop),
        new ParallelOptions { MaxDegreeOfParallelism = Accounts.Partitions, CancellationToken = stop },
        async (lease, ending) => await CollectAsync(lease, ending));

    private async Task CollectAsync(PartitionLease lease, CancellationToken stop)
    {
        var mine = accounts.In(lease.Partition);
        Interlocked.Add(ref _owned, mine.Count);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(lease.Revoked, stop);

        // Told to the archive at once, so that it takes nothing more from the owner before.
        var isOurs = await PutAsync(lease, mail: 0);
        for (var pause = Random.Shared.NextDouble() * Period; isOurs && !ending.IsCancellationRequested; pause = Period)
        {
            // Here each account's mail server would be asked.
            await Task.Delay(MailServersTakeTheirTime, CancellationToken.None);
            isOurs = await PutAsync(lease, mine.Count);
            await Task.Delay(pause, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Interlocked.Add(ref _owned, -mine.Count);

        // Who leaves altogether gives nothing back: it would be given to him again.
        stop.ThrowIfCancellationRequested();
        await PutAsync(lease, mail: 0);
        await lease.DisposeAsync();
    }

    /// <returns>False if the partition is not ours any more.</returns>
    private async Task<bool> PutAsync(PartitionLease lease, int mail)
    {
        // The time first, and then the look: at that time it was ours.
        var time = Stopwatch.GetTimestamp();
        if (lease.IsLost)
            return false;
        if (await archive.PutAsync(new Delivery(lease.Partition, lease.FencingToken, time, mail)))
        {
            Interlocked.Add(ref _collected, mail);
            return true;
        }

        Console.WriteLine($"{name} was refused for partition {lease.Partition}, {(lease.IsLost ? "which it had lost" : "WHICH IT OWNS")}");
        return false;
    }

    private async Task TellLoadAsync(EphemeralRegistration listed, CancellationToken stop)
    {
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await everySecond.WaitForNextTickAsync(stop))
            await listed.UpdateAsync(TakeLoad().Write(), stop);
    }

    private Load TakeLoad() => new(Environment.ProcessId, Volatile.Read(ref _owned), Interlocked.Exchange(ref _collected, 0));
}
