using System.Text;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>Recipes that have the znodes of kazoo's, at the same paths as those.</summary>
public sealed class KazooRecipeTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Barriers_and_queues_are_shared_with_kazoo(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        using var kazoo = ClientProgram.Python("kazoo_shared.py", await servers.AddressesAsync(kind) + root);

        var barrier = new DistributedBarrier(client, "/barrier");
        await kazoo.ExpectAsync("set");
        await client.SyncAsync("/barrier");
        var waiting = barrier.WaitAsync().AsTask();
        Assert.True(await barrier.IsSetAsync());
        Assert.False(waiting.IsCompleted);
        kazoo.Send("remove");
        await Within(waiting);
        await barrier.SetAsync();
        kazoo.Send("wait");
        await kazoo.ExpectAsync("waiting");
        await barrier.RemoveAsync();
        await kazoo.ExpectAsync("ok waited");

        var members = new DoubleBarrier(client, "/double", 2);
        for (var round = 0; round < 2; round++)
        {
            await using var ticket = await Within(members.EnterAsync().AsTask());
            await kazoo.ExpectAsync("ok entered");
            await Within(ticket.LeaveAsync().AsTask());
            await kazoo.ExpectAsync("ok left");
            await client.SyncAsync("/double");
            Assert.Equal(0, await members.CountAsync());
            kazoo.Send("left");
        }

        var queue = new WorkQueue(client, "/queue");
        await kazoo.ExpectAsync("put");
        await using var item = await Within(queue.TakeAsync().AsTask());
        Assert.Equal("from kazoo", Encoding.UTF8.GetString(item.Data.Span));
        await queue.EnqueueAsync("from quoll"u8.ToArray());
        kazoo.Send("get");
        await kazoo.ExpectAsync("ok queue");
        Assert.True(await item.CompleteAsync());
        await client.SyncAsync("/queue");
        Assert.Equal(0, await queue.CountAsync());
        await kazoo.FinishAsync();
    }

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private static Task Within(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
