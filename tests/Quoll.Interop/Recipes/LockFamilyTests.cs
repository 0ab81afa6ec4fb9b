using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>What is built as the lock is: for readers and writers, for several at a time, for several at once.</summary>
public sealed class LockFamilyTests(RecipeServers servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [EachServer]
    public async Task Readers_share_a_lock_a_writer_has_it_alone_and_nobody_overtakes(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var book = new ReadWriteLock(client, "/book");
        var first = await book.AcquireReadAsync();
        var second = await book.AcquireReadAsync();
        Assert.Null(await book.TryAcquireWriteAsync());

        var writer = book.AcquireWriteAsync().AsTask();
        await Deadline.UntilAsync(Patience, "the writer queues", async () => (await book.GetContendersAsync()).Count == 3);
        Assert.Null(await book.TryAcquireReadAsync());
        var reader = book.AcquireReadAsync().AsTask();
        await Deadline.UntilAsync(Patience, "the reader queues", async () => (await book.GetContendersAsync()).Count == 4);

        await second.DisposeAsync();
        await first.DisposeAsync();
        var writing = await writer;
        Assert.False(reader.IsCompleted);
        await writing.DisposeAsync();
        await (await reader).DisposeAsync();
    }

    [Theory]
    [EachServer]
    public async Task A_semaphore_gives_as_many_leases_as_it_has_and_the_next_one_that_is_given_back(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var semaphore = new DistributedSemaphore(client, "/semaphore", 2);
        var first = await semaphore.AcquireAsync();
        var second = await semaphore.TryAcquireAsync();
        Assert.NotNull(second);
        Assert.Null(await semaphore.TryAcquireAsync());

        var third = semaphore.AcquireAsync().AsTask();
        var fourth = semaphore.AcquireAsync().AsTask();
        await Deadline.UntilAsync(
            Patience, "one waits for a lease", async () => (await semaphore.GetContendersAsync()) is [_, _, { IsHolder: false }]);
        Assert.False(third.IsCompleted || fourth.IsCompleted);

        await first.DisposeAsync();
        await Task.WhenAny(third, fourth);
        await second.DisposeAsync();
        await (await third).DisposeAsync();
        await (await fourth).DisposeAsync();
        await Deadline.UntilAsync(Patience, "nobody has a lease", async () => (await semaphore.GetContendersAsync()).Count == 0);
    }

    [Theory]
    [EachServer]
    public async Task Who_counts_another_number_of_leases_is_refused(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var lease = await new DistributedSemaphore(client, "/semaphore", 2).AcquireAsync();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await new DistributedSemaphore(client, "/semaphore", 3).AcquireAsync());

        Assert.Contains("has 2 leases, and not 3", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [EachServer]
    public async Task Several_locks_are_taken_together_or_not_at_all(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var both = new MultiLock(client, ["/b", "/a"]);
        var b = await new DistributedLock(client, "/b").AcquireAsync();

        Assert.Null(await both.TryAcquireAsync());
        Assert.Empty((await client.GetChildrenAsync("/a")).Names);
        await b.DisposeAsync();

        await using var held = await both.AcquireAsync();
        Assert.Equal(["/a", "/b"], held.Handles.Select(handle => handle.Path[..2]));
        await client.DeleteAsync(held.Handles[1].Path);
        await Deadline.UntilAsync(Patience, "one lost, all lost", () => Task.FromResult(held.Lost.IsCancellationRequested));
    }
}
