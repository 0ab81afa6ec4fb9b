using System.Text;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class GatheringQueueTests(RecipeServers servers)
{
    private const string Path = "/queue";

    [Theory]
    [EachServer]
    public async Task A_queue_starts_when_it_is_full_and_all_know_their_order(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        await using var third = await servers.ConnectAsync(kind, root);
        var waiting = new List<Task<GatheringTicket>>();
        foreach (var (client, name) in new[] { (first, "one"), (second, "two"), (third, "three") })
        {
            Assert.DoesNotContain(waiting, task => task.IsCompleted);
            waiting.Add(JoinAsync(client, name));
            await UntilThereAsync(first, waiting.Count);
        }

        var tickets = await Within(Task.WhenAll(waiting));

        Assert.Equal([0, 1, 2], tickets.Select(ticket => ticket.Position));
        Assert.Equal(["one", "two", "three"], (await tickets[1].GetMembersAsync()).Select(data => Encoding.UTF8.GetString(data!)));
        Assert.Equal("3", Encoding.UTF8.GetString((await first.GetAsync($"{Path}/num")).Data));
        foreach (var ticket in tickets)
            await ticket.DisposeAsync();
        Assert.Equal(["num"], (await third.GetChildrenAsync(Path)).Names);
    }

    [Theory]
    [EachServer]
    public async Task Who_comes_to_a_full_queue_waits_for_the_next(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        await using var third = await servers.ConnectAsync(kind, root);
        var full = await Within(Task.WhenAll(JoinAsync(first, "a", 2), JoinAsync(second, "b", 2)));
        Task<GatheringTicket>[] next = [JoinAsync(third, "c", 2), JoinAsync(third, "d", 2)];
        await UntilThereAsync(first, 4);
        Assert.DoesNotContain(next, task => task.IsCompleted);

        // One leaves, the other dies.
        await full[0].DisposeAsync();
        await Faults.EndSessionAsync(second);

        var tickets = await Within(Task.WhenAll(next));
        Assert.Equal([0, 1], tickets.Select(ticket => ticket.Position).Order());
        Assert.Equal(2, (await tickets[0].GetMembersAsync()).Count);
    }

    [Theory]
    [EachServer]
    public async Task All_agree_on_the_size(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var alone = await JoinAsync(client, "alone", 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => JoinAsync(client, "wrong", 2));
    }

    private static Task<GatheringTicket> JoinAsync(ZooKeeperClient client, string name, int size = 3) =>
        new GatheringQueue(client, Path, size).JoinAsync(Encoding.UTF8.GetBytes(name)).AsTask();

    private static Task UntilThereAsync(ZooKeeperClient client, int count) => Deadline.UntilAsync(
        TimeSpan.FromSeconds(30), $"{count} members", async () => await new GatheringQueue(client, Path, 3).CountAsync() == count);

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
