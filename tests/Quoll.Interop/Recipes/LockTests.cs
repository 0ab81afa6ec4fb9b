using System.Text;
using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>Locks against servers that users have.</summary>
public sealed class LockTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task A_lock_is_held_by_one_at_a_time_and_goes_on_in_the_order_of_asking(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        var held = await new DistributedLock(first, "/locks/a").AcquireAsync();

        var mutex = new DistributedLock(second, "/locks/a", new LockOptions { Identity = "the second" });
        Assert.Null(await mutex.TryAcquireAsync());
        var waiting = mutex.AcquireAsync().AsTask();
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(10), "the second queues",
            async () => (await mutex.GetContendersAsync()) is [{ IsHolder: true }, { IsHolder: false, Identity: "the second" }]);
        Assert.False(waiting.IsCompleted);

        await held.DisposeAsync();
        await using var next = await waiting;
        Assert.True(next.FencingToken > held.FencingToken);
        Assert.False(held.Lost.IsCancellationRequested);
        Assert.Single(await mutex.GetContendersAsync());
    }

    [Theory]
    [EachServer]
    public async Task Whoever_gives_up_leaves_the_queue(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var mutex = new DistributedLock(client, "/lock");
        await using var held = await mutex.AcquireAsync();
        using var patience = new CancellationTokenSource();
        var waiting = mutex.AcquireAsync(patience.Token).AsTask();

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(10), "the holder is alone", async () => (await client.GetChildrenAsync("/lock")).Names.Length == 1);
    }

    [Theory]
    [EachServer]
    public async Task A_lock_whose_znode_somebody_deletes_is_lost_and_its_holder_changes_nothing_more(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await client.CreateAsync("/data", "before"u8.ToArray());
        await using var held = await new DistributedLock(client, "/lock").AcquireAsync();
        await held.Fenced.SetAsync("/data", "by the holder"u8.ToArray());

        await client.DeleteAsync(held.Path);

        var lost = new TaskCompletionSource();
        await using var registration = held.Lost.Register(lost.SetResult);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<LockLostException>(async () => await held.Fenced.SetAsync("/data", "too late"u8.ToArray()));
        Assert.Equal("by the holder", Encoding.UTF8.GetString((await client.GetAsync("/data")).Data));
    }

    [Theory]
    [EachServer]
    public async Task A_lock_is_free_once_its_holders_client_is_closed(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var other = await servers.ConnectAsync(kind, root);
        var held = await new DistributedLock(other, "/lock").AcquireAsync();

        await other.DisposeAsync();

        await using var next = await new DistributedLock(client, "/lock").AcquireAsync();
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.True(held.IsLost);
        await held.DisposeAsync();
    }
}
