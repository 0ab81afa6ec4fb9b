using Quoll.Client;
using Quoll.Recipes;
using Quoll.Testing;
using Quoll.Tests.Testing;

namespace Quoll.Tests.Recipes;

/// <summary>What a lock costs where the way to the server is long: the clock moves only when a test says so.</summary>
public sealed class LockDelayTests
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TestClock _clock = new();

    [Fact]
    public async Task A_free_lock_is_acquired_and_released_in_one_round_trip_each()
    {
        await using var zk = await StartAsync();
        await using var client = zk.CreateClient();
        var theLock = new DistributedLock(client, "/lock");
        await (await theLock.AcquireAsync(Token)).DisposeAsync();
        zk.Faults.DelayClients(OneWay);

        var acquiring = theLock.AcquireAsync(Token).AsTask();
        _clock.Advance(2 * OneWay);
        var held = await acquiring.WaitAsync(Patience, Token);

        var releasing = held.DisposeAsync().AsTask();
        _clock.Advance(2 * OneWay);
        await releasing.WaitAsync(Patience, Token);
        EndDelays(zk);
    }

    [Fact]
    public async Task The_next_in_the_queue_has_the_lock_with_the_word_that_it_was_released()
    {
        await using var zk = await StartAsync();
        await using var first = zk.CreateClient();
        await using var second = zk.CreateClient();
        var held = await new DistributedLock(first, "/lock").AcquireAsync(Token);
        var waiting = await QueueAsync(second, 2);
        zk.Faults.DelayClients(OneWay);

        var releasing = held.DisposeAsync().AsTask();
        _clock.Advance(OneWay);
        Assert.False(waiting.IsCompleted);
        _clock.Advance(OneWay);
        var got = await waiting.WaitAsync(Patience, Token);
        Assert.False(got.IsLost);
        await releasing.WaitAsync(Patience, Token);
        EndDelays(zk);
        await got.DisposeAsync();
    }

    [Fact]
    public async Task Who_waited_behind_another_asks_once_more()
    {
        await using var zk = await StartAsync();
        await using var first = zk.CreateClient();
        await using var second = zk.CreateClient();
        await using var third = zk.CreateClient();
        var held = await new DistributedLock(first, "/lock").AcquireAsync(Token);
        var next = await QueueAsync(second, 2);
        var last = await QueueAsync(third, 3);
        await held.DisposeAsync();
        held = await next.WaitAsync(Patience, Token);
        zk.Faults.DelayClients(OneWay);

        var releasing = held.DisposeAsync().AsTask();
        _clock.Advance(4 * OneWay);
        var got = await last.WaitAsync(Patience, Token);
        await releasing.WaitAsync(Patience, Token);
        EndDelays(zk);
        await got.DisposeAsync();
    }

    [Fact]
    public async Task Whose_znode_was_deleted_before_that_of_the_holder_does_not_take_the_holders_place()
    {
        await using var zk = await StartAsync();
        await using var first = zk.CreateClient();
        await using var second = zk.CreateClient();
        await using var third = zk.CreateClient();
        var held = await new DistributedLock(first, "/lock").AcquireAsync(Token);
        var next = await QueueAsync(second, 2);
        var last = await QueueAsync(third, 3);
        var contenders = await new DistributedLock(first, "/lock").GetContendersAsync(Token);

        // Both go in one transaction, the waiter's own first.
        await first.CommitAsync(new Transaction().Delete(contenders[1].Path).Delete(contenders[0].Path), Token);
        await using (var got = await last.WaitAsync(Patience, Token))
        {
            Assert.False(next.IsCompleted);
            Assert.True(held.IsLost);
        }

        await (await next.WaitAsync(Patience, Token)).DisposeAsync();
        await held.DisposeAsync();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<TestEnsemble> StartAsync() => Ensembles.StartAsync(new TestEnsembleOptions { TimeProvider = _clock });

    // What is under way arrives, and what comes behind it need not wait.
    private void EndDelays(TestEnsemble zk)
    {
        zk.Faults.DelayClients(TimeSpan.Zero);
        _clock.Advance(2 * OneWay);
    }

    // Waits until it stands in the queue and has asked for all that it wants to know.
    private async Task<Task<LockHandle>> QueueAsync(ZooKeeperClient client, int position)
    {
        var theLock = new DistributedLock(client, "/lock");
        await client.GetSessionAsync(Token);
        var waiting = theLock.AcquireAsync(Token).AsTask();
        Assert.Equal(position, (await theLock.GetContendersAsync(Token)).Count);
        _clock.Advance(TimeSpan.Zero);
        return waiting;
    }
}
