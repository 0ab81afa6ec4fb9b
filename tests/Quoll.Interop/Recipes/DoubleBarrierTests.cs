using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class DoubleBarrierTests(RecipeServers servers)
{
    private const string Path = "/barrier";

    // Entering and leaving have nothing in common, in Curator they shared a watcher (pull request 416).
    [Theory]
    [EachServer]
    public async Task All_enter_together_and_leave_together_again_and_again_CURATOR_416(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        await using var third = await servers.ConnectAsync(kind, root);
        var members = new[] { first, second, third }.Select(client => new DoubleBarrier(client, Path, 3)).ToArray();

        for (var round = 0; round < 3; round++)
        {
            var entering = members[..2].Select(member => member.EnterAsync().AsTask()).ToList();
            await UntilCountAsync(members[2], 2);
            Assert.DoesNotContain(entering, task => task.IsCompleted);
            entering.Add(members[2].EnterAsync().AsTask());
            var tickets = await Within(Task.WhenAll(entering));

            var leaving = tickets[..2].Select(ticket => ticket.LeaveAsync().AsTask()).ToList();
            await Deadline.UntilAsync(
                TimeSpan.FromSeconds(30), "one of them has gone", async () => await members[0].CountAsync() < 3);
            Assert.DoesNotContain(leaving, task => task.IsCompleted);
            leaving.Add(tickets[2].LeaveAsync().AsTask());
            await Within(Task.WhenAll(leaving));

            Assert.Equal(0, await members[0].CountAsync());
            Assert.Empty((await first.GetChildrenAsync(Path)).Names);
        }
    }

    [Theory]
    [EachServer]
    public async Task A_member_that_gives_up_in_time_is_gone_and_was_not_counted_CURATOR_318(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var barrier = new DoubleBarrier(client, Path, 2);

        Assert.Null(await barrier.TryEnterAsync(TimeSpan.FromMilliseconds(20)));
        Assert.Equal(0, await barrier.CountAsync());

        // The two that come next need each other.
        var entering = new DoubleBarrier(other, Path, 2).EnterAsync().AsTask();
        await UntilCountAsync(barrier, 1);
        Assert.False(entering.IsCompleted);
        await using var ticket = await barrier.TryEnterAsync(TimeSpan.FromMinutes(1));
        Assert.NotNull(ticket);
        await using var others = await Within(entering);
    }

    [Theory]
    [EachServer]
    public async Task Those_who_come_and_go_wake_nobody_into_the_barrier_CURATOR_1290(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var entering = new DoubleBarrier(client, Path, 3).TryEnterAsync(TimeSpan.FromMinutes(1)).AsTask();
        await UntilCountAsync(new DoubleBarrier(other, Path, 3), 1);
        await client.CreateAsync($"{Path}/ready", "members\nsomebody"u8.ToArray());
        await client.SetAsync($"{Path}/ready", "members\nanother"u8.ToArray());

        // A mark that the dead left behind wakes it, and so does one who comes and goes.
        await other.CreateAsync($"{Path}/{new string('f', 32)}");
        await other.SetAsync($"{Path}/ready", "members\nnobody"u8.ToArray());
        await other.DeleteAsync($"{Path}/{new string('f', 32)}");
        await client.SyncAsync(Path);
        Assert.False(entering.IsCompleted);

        Task<BarrierTicket>[] rest = [EnterAsync(other), EnterAsync(other)];
        await using var ticket = await Within(entering);
        await Within(Task.WhenAll(rest));
        Assert.NotNull(ticket);
    }

    [Theory]
    [EachServer]
    public async Task Whoever_does_not_wait_for_the_others_to_leave_has_left_CURATOR_233_and_536(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var (one, two) = (new DoubleBarrier(client, Path, 2), new DoubleBarrier(other, Path, 2));
        var tickets = await Within(Task.WhenAll(one.EnterAsync().AsTask(), two.EnterAsync().AsTask()));
        using var patience = new CancellationTokenSource();
        var leaving = tickets[0].LeaveAsync(patience.Token).AsTask();
        Assert.False(leaving.IsCompleted);

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await Within(tickets[1].LeaveAsync().AsTask());
        await UntilCountAsync(two, 0);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await tickets[1].LeaveAsync());
    }

    [Theory]
    [EachServer]
    public async Task What_members_who_died_left_behind_lets_nobody_in(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var (one, two) = (new DoubleBarrier(client, Path, 2), new DoubleBarrier(other, Path, 2));
        var dead = await Within(Task.WhenAll(one.EnterAsync().AsTask(), two.EnterAsync().AsTask()));
        await Faults.EndSessionAsync(client);
        await Faults.EndSessionAsync(other);
        Assert.True(dead[0].Lost.IsCancellationRequested);
        await Assert.ThrowsAsync<SessionExpiredException>(async () => await dead[0].LeaveAsync());
        Assert.NotNull(await client.ExistsAsync($"{Path}/ready"));

        Assert.Null(await one.TryEnterAsync(TimeSpan.FromMilliseconds(50)));
        var living = await Within(Task.WhenAll(one.EnterAsync().AsTask(), two.EnterAsync().AsTask()));
        await Within(Task.WhenAll(living.Select(ticket => ticket.LeaveAsync().AsTask())));

        Assert.Empty((await client.GetChildrenAsync(Path)).Names);
    }

    [Theory]
    [EachServer]
    public async Task Who_waits_to_enter_does_so_in_the_next_session(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var (one, two) = (new DoubleBarrier(client, Path, 2), new DoubleBarrier(other, Path, 2));
        var waiting = one.EnterAsync().AsTask();
        await UntilCountAsync(two, 1);

        await Faults.EndSessionAsync(client);

        await using var ticket = await Within(two.EnterAsync().AsTask());
        await using var others = await Within(waiting);
        Assert.False(others.Lost.IsCancellationRequested);
    }

    [Theory]
    [EachServer]
    public async Task A_member_whose_answers_get_lost_is_one_member(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        await other.CreateAsync(Path);
        await client.SyncAsync(Path);
        var (one, two) = (new DoubleBarrier(client, Path, 2), new DoubleBarrier(other, Path, 2));

        faults.LoseNextAnswerTo(OpCode.Create2);
        var waiting = one.EnterAsync().AsTask();
        await UntilCountAsync(two, 1);
        Assert.False(waiting.IsCompleted);

        // The one who completes the group does not hear of that either.
        var second = two.EnterAsync().AsTask();
        await Within(Task.WhenAll(waiting, second));
        faults.LoseNextAnswerTo(OpCode.Multi);
        await Within(Task.WhenAll((await waiting).LeaveAsync().AsTask(), (await second).LeaveAsync().AsTask()));
        await UntilCountAsync(two, 0);
        second = two.EnterAsync().AsTask();
        await UntilCountAsync(two, 1);
        await using var last = await Within(one.EnterAsync().AsTask());
        await using var both = await Within(second);
        Assert.Equal(2, faults.Lost);
        Assert.Equal(2, await two.CountAsync());
    }

    private static Task<BarrierTicket> EnterAsync(ZooKeeperClient client) => new DoubleBarrier(client, Path, 3).EnterAsync().AsTask();

    private static Task UntilCountAsync(DoubleBarrier barrier, int count) => Deadline.UntilAsync(
        TimeSpan.FromSeconds(30), $"{count} members", async () => await barrier.CountAsync() == count);

    private static Task<T> Within<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private static Task Within(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
}
