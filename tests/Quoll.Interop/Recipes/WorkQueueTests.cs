using System.Collections.Concurrent;
using System.Text;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class WorkQueueTests(RecipeServers servers)
{
    private const string Path = "/work/queue";

    [Theory]
    [EachServer]
    public async Task Items_are_handed_out_by_priority_and_in_their_order_until_they_are_completed(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var queue = new WorkQueue(client, Path);
        await queue.EnqueueAsync(Bytes("first"));
        await queue.EnqueueAsync(Bytes("second"));
        await queue.EnqueueAsync(Bytes("urgent"), new EnqueueOptions { Priority = 1 });
        await queue.EnqueueAsync(Bytes("much later"), new EnqueueOptions { NotBefore = DateTimeOffset.UtcNow.AddDays(1) });
        await queue.EnqueueAsync(Bytes("by now"), new EnqueueOptions { NotBefore = DateTimeOffset.UtcNow.AddDays(-1), Priority = 999 });
        Assert.Equal(5, await queue.CountAsync());

        var order = new List<string>();
        await foreach (var item in queue.ConsumeAsync(TestContext.Current.CancellationToken))
        {
            order.Add(Encoding.UTF8.GetString(item.Data.Span));
            Assert.True(await item.CompleteAsync());
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await item.CompleteAsync());
            if (order.Count == 4)
                break;
        }

        Assert.Equal(["urgent", "first", "second", "by now"], order);
        Assert.Equal(1, await queue.CountAsync());
        Assert.Empty((await client.GetChildrenAsync($"{Path}/taken")).Names);
    }

    [Theory]
    [EachServer]
    public async Task A_delayed_item_is_handed_out_when_its_time_has_come(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var queue = new WorkQueue(client, Path);
        var time = DateTimeOffset.UtcNow.AddMilliseconds(700);
        await queue.EnqueueAsync(default, new EnqueueOptions { NotBefore = time });

        await using var item = await Within(queue.TakeAsync().AsTask());

        Assert.True(DateTimeOffset.UtcNow >= time.AddMilliseconds(-1));
    }

    [Theory]
    [EachServer]
    public async Task What_is_not_completed_is_handed_out_again_when_it_is_given_back_or_its_session_ends(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var queue = new WorkQueue(client, Path);
        await queue.EnqueueAsync(Bytes("work"));
        var item = await Within(queue.TakeAsync().AsTask());
        var waiting = new WorkQueue(other, Path).TakeAsync().AsTask();
        await UntilLinedUpAsync(client, 1);
        Assert.False(waiting.IsCompleted);

        await item.AbandonAsync();
        var again = await Within(waiting);
        Assert.Equal("work", Encoding.UTF8.GetString(again.Data.Span));
        waiting = queue.TakeAsync().AsTask();
        await UntilLinedUpAsync(client, 1);
        await Faults.EndSessionAsync(other);

        await using var third = await Within(waiting);
        Assert.True(again.Lost.IsCancellationRequested);
        Assert.False(await again.CompleteAsync());
        Assert.True(await third.CompleteAsync());
        Assert.Equal(0, await queue.CountAsync());
    }

    [Theory]
    [EachServer]
    public async Task A_lost_answer_neither_puts_an_item_in_twice_nor_hands_it_out_twice(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        var queue = new WorkQueue(client, Path);
        await queue.EnqueueAsync(Bytes("the first makes the znodes"));

        faults.LoseNextAnswerTo(OpCode.Multi);
        await queue.EnqueueAsync(Bytes("the second is put in once"));
        Assert.Equal(2, await queue.CountAsync());

        // The answer to the claim is lost, then that to the completion.
        faults.LoseNextAnswerTo(OpCode.Multi);
        var item = await Within(queue.TakeAsync().AsTask());
        Assert.Equal("the first makes the znodes", Encoding.UTF8.GetString(item.Data.Span));
        faults.LoseNextAnswerTo(OpCode.Multi);
        Assert.True(await item.CompleteAsync());
        Assert.Equal(3, faults.Lost);
        Assert.Equal(1, await queue.CountAsync());
        Assert.Empty((await client.GetChildrenAsync($"{Path}/taken")).Names);

        item = await Within(queue.TakeAsync().AsTask());
        faults.LoseNextAnswerTo(OpCode.Multi);
        await item.AbandonAsync();
        Assert.Empty((await client.GetChildrenAsync($"{Path}/taken")).Names);
        Assert.Equal(1, await queue.CountAsync());
    }

    [Theory]
    [EachServer]
    public async Task A_full_queue_takes_no_more_until_there_is_room(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var queue = new WorkQueue(client, Path, new WorkQueueOptions { MaxItems = 2 });
        Assert.True(await queue.TryEnqueueAsync(Bytes("1")));
        Assert.True(await queue.TryEnqueueAsync(Bytes("2")));
        Assert.False(await queue.TryEnqueueAsync(Bytes("3")));
        var waiting = Task.WhenAll(queue.EnqueueAsync(Bytes("3")).AsTask(), queue.EnqueueAsync(Bytes("4")).AsTask());
        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(30), "both wait for room",
            async () => (await client.TryGetChildrenAsync($"{Path}/senders"))?.Names.Length == 2);

        var seen = new List<string>();
        await foreach (var item in queue.ConsumeAsync(TestContext.Current.CancellationToken))
        {
            seen.Add(Encoding.UTF8.GetString(item.Data.Span));
            Assert.InRange(await queue.CountAsync(), 1, 2);
            await item.CompleteAsync();
            if (seen.Count == 4)
                break;
        }

        await Within(waiting);
        Assert.Equal(["1", "2", "3", "4"], seen.Order());
    }

    // What every transaction costs can be seen by the zxids, which count those that were refused too.
    [Theory]
    [EachServer]
    public async Task An_item_wakes_one_of_those_who_wait(ServerKind kind)
    {
        const int Consumers = 12;
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var producer = await servers.ConnectAsync(kind, root);
        var (queue, source) = (new WorkQueue(client, Path), new WorkQueue(producer, Path));
        await source.EnqueueAsync(Bytes("makes the znodes"));
        await (await Within(queue.TakeAsync().AsTask())).CompleteAsync();
        using var end = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, Consumers).Select(_ => queue.TakeAsync(end.Token).AsTask()).ToArray();
        await UntilLinedUpAsync(client, Consumers);
        var before = (await client.CreateAsync("/before")).Stat.Czxid;

        await source.EnqueueAsync(Bytes("work"));
        var item = await Within(await Within(Task.WhenAny(waiting)));
        await UntilLinedUpAsync(client, Consumers - 1);

        // Put in, a receipt for the claim, the claim, and the place in the line.
        var after = (await client.CreateAsync("/after")).Stat.Czxid;
        Assert.InRange(after - before - 1, 3, 6);
        Assert.Equal(1, waiting.Count(task => task.IsCompleted));
        await item.CompleteAsync();
        await end.CancelAsync();
        await UntilLinedUpAsync(client, 0);
    }

    [Theory]
    [EachServer]
    public async Task All_that_is_put_in_is_done_whoever_dies_meanwhile(ServerKind kind)
    {
        const int Items = 120;
        var root = await servers.CreateRootAsync(kind);
        await using var producer = await servers.ConnectAsync(kind, root);
        await using var mortal = await servers.ConnectAsync(kind, root);
        await using var immortal = await servers.ConnectAsync(kind, root);
        var done = new ConcurrentDictionary<string, int>();
        using var end = new CancellationTokenSource();
        var consuming = new[] { mortal, immortal, immortal, mortal }.Select(client => ConsumeAsync(client, done, end.Token)).ToArray();
        var queue = new WorkQueue(producer, Path, new WorkQueueOptions { MaxItems = 30 });
        for (var i = 0; i < Items; i++)
        {
            await queue.EnqueueAsync(Bytes($"{i}"));
            if (i % 40 == 20)
                await Faults.EndSessionAsync(mortal);
        }

        await Deadline.UntilAsync(
            TimeSpan.FromSeconds(60), "all is done", async () => done.Count == Items && await queue.CountAsync() == 0);
        await end.CancelAsync();
        await Task.WhenAll(consuming);
    }

    [Theory]
    [EachServer]
    public async Task Whoever_gives_up_waiting_leaves_the_item_to_others(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var queue = new WorkQueue(client, Path);
        using var patience = new CancellationTokenSource();
        var waiting = queue.TakeAsync(patience.Token).AsTask();
        await UntilLinedUpAsync(client, 1);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await queue.EnqueueAsync(Bytes("work"));

        await using var item = await Within(queue.TakeAsync().AsTask());
        Assert.Equal("work", Encoding.UTF8.GetString(item.Data.Span));
    }

    [Theory]
    [EachServer]
    public async Task A_consumer_outlives_the_end_of_his_session(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var producer = await servers.ConnectAsync(kind, root);
        var waiting = new WorkQueue(client, Path).TakeAsync().AsTask();
        await UntilLinedUpAsync(producer, 1);

        await Faults.EndSessionAsync(client);
        await new WorkQueue(producer, Path).EnqueueAsync(Bytes("work"));

        await using var item = await Within(waiting);
        Assert.Equal("work", Encoding.UTF8.GetString(item.Data.Span));
    }

    private static async Task ConsumeAsync(ZooKeeperClient client, ConcurrentDictionary<string, int> done, CancellationToken end)
    {
        try
        {
            await foreach (var item in new WorkQueue(client, Path).ConsumeAsync(end))
            {
                done.AddOrUpdate(Encoding.UTF8.GetString(item.Data.Span), 1, (_, times) => times + 1);
                await CompleteAsync(item);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It is done.
        }
    }

    private static async Task CompleteAsync(WorkItem item)
    {
        try
        {
            await item.CompleteAsync();
        }
        catch (SessionExpiredException)
        {
            // Whoever gets it next will see.
        }
    }

    private static Task UntilLinedUpAsync(ZooKeeperClient client, int count) => Deadline.UntilAsync(
        TimeSpan.FromSeconds(30), $"{count} wait for items",
        async () => ((await client.TryGetChildrenAsync($"{Path}/takers"))?.Names.Length ?? 0) == count);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private static Task Within(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
