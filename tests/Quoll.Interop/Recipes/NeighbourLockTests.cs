using Quoll.Client;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Locks and elections of kazoo and Curator and ours at the same paths: nobody has what another has, and all wait their turn.
/// (kazoo's semaphore has znodes of another kind.)</summary>
public sealed class NeighbourLockTests(RecipeServers servers)
{
    private delegate ValueTask<LockHandle> Acquire(CancellationToken cancellation = default);

    private delegate ValueTask<IReadOnlyList<LockContender>> Contenders(CancellationToken cancellation = default);

    [Theory]
    [EachServer]
    public async Task Kazoos_locks_and_elections_and_ours_exclude_each_other_and_take_turns(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await client.CreateAsync(HeldMark.Parent);
        using var kazoo = ClientProgram.Python("kazoo_locks.py", await servers.AddressesAsync(kind) + root);
        var names = new LockOptions { NameStyle = NameStyle.Kazoo };

        var mutex = new DistributedLock(client, "/lock", names);
        await TakeTurnsAsync(client, kazoo, "lock", mutex.AcquireAsync, mutex.GetContendersAsync);
        var curators = new DistributedLock(client, "/curators-lock");
        await TakeTurnsAsync(client, kazoo, "curators-lock", curators.AcquireAsync, curators.GetContendersAsync);
        var election = new LeaderElection(client, "/election", new ElectionOptions { NameStyle = NameStyle.Kazoo });
        await TakeTurnsAsync(client, kazoo, "election", election.CampaignAsync, election.GetCandidatesAsync);
        await ReadAndWriteAsync(client, kazoo, new ReadWriteLock(client, "/book", names));
        await kazoo.FinishAsync();
    }

    [Theory]
    [EachServer]
    public async Task Curators_locks_semaphores_and_elections_and_ours_exclude_each_other_and_take_turns(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await client.CreateAsync(HeldMark.Parent);
        using var curator = CuratorProgram.Start("CuratorLocks.java", await servers.AddressesAsync(kind) + root);

        var mutex = new DistributedLock(client, "/lock");
        await TakeTurnsAsync(client, curator, "lock", mutex.AcquireAsync, mutex.GetContendersAsync);
        var election = new LeaderElection(client, "/election");
        await TakeTurnsAsync(client, curator, "latch", election.CampaignAsync, election.GetCandidatesAsync);
        var selection = new DistributedLock(client, "/selection");
        await TakeTurnsAsync(client, curator, "selector", selection.AcquireAsync, selection.GetContendersAsync);
        await ReadAndWriteAsync(client, curator, new ReadWriteLock(client, "/book"));
        await ShareLeasesAsync(client, curator, new DistributedSemaphore(client, "/semaphore", 2));
        await curator.FinishAsync();
    }

    /// <summary>We have it, they wait for it, and behind them we do again.</summary>
    private static async Task TakeTurnsAsync(ZooKeeperClient client, ClientProgram them, string kind, Acquire acquire, Contenders list)
    {
        Task<LockHandle> second;
        await using (await HeldMark.ShowAsync(client, await acquire(), "alone"))
        {
            them.Send($"take {kind} alone");
            await UntilAsync($"they queue for {kind}", list, 2);
            second = acquire().AsTask();
            await UntilAsync($"we queue again for {kind}", list, 3);
            Assert.False(second.IsCompleted);
        }

        await them.ExpectAsync($"ok has {kind}");
        Assert.False(second.IsCompleted);
        them.Send($"give {kind} alone");
        await using (await HeldMark.ShowAsync(client, await Within(second), "alone"))
            await them.ExpectAsync($"ok gave {kind}");
    }

    /// <summary>Both read; then we write, then they do, and we read again when they have written.</summary>
    private static async Task ReadAndWriteAsync(ZooKeeperClient client, ClientProgram them, ReadWriteLock book)
    {
        Task<LockHandle> writing;
        Task<LockHandle> reading;
        await using (await HeldMark.ShowAsync(client, await book.AcquireReadAsync(), "shared"))
        {
            them.Send("take read shared");
            await them.ExpectAsync("ok has read");
            writing = book.AcquireWriteAsync().AsTask();
            await UntilAsync("we queue to write", book.GetContendersAsync, 3);
            them.Send("take write alone");
            await UntilAsync("they queue to write", book.GetContendersAsync, 4);
            reading = book.AcquireReadAsync().AsTask();
            await UntilAsync("we queue to read", book.GetContendersAsync, 5);
        }

        Assert.False(writing.IsCompleted);
        them.Send("give read shared");
        await using (await HeldMark.ShowAsync(client, await Within(writing), "alone"))
            await them.ExpectAsync("ok gave read");
        await them.ExpectAsync("ok has write");
        Assert.False(reading.IsCompleted);
        them.Send("take read shared");
        await UntilAsync("they queue to read", book.GetContendersAsync, 3);
        them.Send("give write alone");
        await them.ExpectAsync("ok gave write");
        await using (await HeldMark.ShowAsync(client, await Within(reading), "shared"))
            await them.ExpectAsync("ok has read");
        them.Send("give read shared");
        await them.ExpectAsync("ok gave read");
        await using (await HeldMark.ShowAsync(client, await Within(book.AcquireWriteAsync().AsTask()), "alone"))
        {
            them.Send("take read shared");
            await UntilAsync("they queue to read", book.GetContendersAsync, 2);
        }

        await them.ExpectAsync("ok has read");
        them.Send("give read shared");
    }

    /// <summary>One each of two leases, and a third to each in turn.</summary>
    private static async Task ShareLeasesAsync(ZooKeeperClient client, ClientProgram them, DistributedSemaphore semaphore)
    {
        var first = await HeldMark.ShowAsync(client, await semaphore.AcquireAsync(), "lease");
        them.Send("take lease lease");
        await them.ExpectAsync("ok has lease");
        Assert.Null(await semaphore.TryAcquireAsync());
        var waiting = semaphore.AcquireAsync().AsTask();
        await UntilAsync("we queue for a lease", semaphore.GetContendersAsync, 3);
        Assert.False(waiting.IsCompleted);
        them.Send("give lease lease");
        await using (await HeldMark.ShowAsync(client, await Within(waiting), "lease"))
        {
            await them.ExpectAsync("ok gave lease");
            them.Send("take lease lease");
            await UntilAsync("they queue for a lease", semaphore.GetContendersAsync, 3);
            await first.DisposeAsync();
            await them.ExpectAsync("ok has lease");
        }

        them.Send("give lease lease");
    }

    private static Task UntilAsync(string what, Contenders list, int count) =>
        Deadline.UntilAsync(Patience, what, async () => (await list()).Count == count);

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);
}
