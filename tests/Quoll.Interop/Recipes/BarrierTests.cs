using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class BarrierTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task A_barrier_holds_all_who_come_until_it_is_removed(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        var barrier = new DistributedBarrier(first, "/app/barrier");
        Assert.False(await barrier.IsSetAsync());
        await barrier.WaitAsync();

        await barrier.SetAsync();
        await barrier.SetAsync();
        await second.SyncAsync("/app/barrier");
        var here = barrier.WaitAsync().AsTask();
        var there = new DistributedBarrier(second, "/app/barrier").WaitAsync().AsTask();
        Assert.True(await barrier.IsSetAsync());
        await first.SetAsync("/app/barrier", "a change that is no removal"u8.ToArray());
        await second.SyncAsync("/app/barrier");
        Assert.False(here.IsCompleted || there.IsCompleted);

        await barrier.RemoveAsync();
        await barrier.RemoveAsync();

        await Within(Task.WhenAll(here, there));
    }

    [Theory]
    [EachServer]
    public async Task A_barrier_is_waited_for_in_the_next_session(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        await new DistributedBarrier(other, "/barrier").SetAsync();
        await client.SyncAsync("/barrier");
        var waiting = new DistributedBarrier(client, "/barrier").WaitAsync().AsTask();

        await Faults.EndSessionAsync(client);
        Assert.False(waiting.IsCompleted);
        await new DistributedBarrier(other, "/barrier").RemoveAsync();

        await Within(waiting);
    }

    [Theory]
    [EachServer]
    public async Task Whoever_does_not_want_to_wait_any_longer_need_not(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await new DistributedBarrier(client, "/barrier").SetAsync();
        using var patience = new CancellationTokenSource();
        var waiting = new DistributedBarrier(client, "/barrier").WaitAsync(patience.Token).AsTask();

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static Task Within(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
