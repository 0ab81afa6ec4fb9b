using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Tests.Docs;

public sealed class QueueSnippets : SnippetHost
{
    [Fact]
    public async Task A_barrier_holds_until_it_is_removed()
    {
        var (client, stop) = (Connect(), Token);

        var barrier = new DistributedBarrier(client, "/deploy/barrier");
        await barrier.SetAsync();
        Task waiting = barrier.WaitAsync(stop).AsTask();      // elsewhere
        await barrier.RemoveAsync();
        await waiting;
    }

    [Fact]
    public async Task A_double_barrier_lets_all_in_and_out_together()
    {
        var stop = Token;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => TakePartAsync(Connect())));

        async Task TakePartAsync(ZooKeeperClient client)
        {
            var barrier = new DoubleBarrier(client, "/batch/step-7", members: 5);
            await using BarrierTicket ticket = await barrier.EnterAsync(stop);
            await ComputeAsync(ticket.Lost);
            await ticket.LeaveAsync(stop);                        // returns when all five have
        }

        static Task ComputeAsync(CancellationToken lost) => lost.IsCancellationRequested ? Task.FromCanceled(lost) : Task.CompletedTask;
    }

    [Fact]
    public async Task A_gathering_queue_starts_when_it_is_full()
    {
        var stop = Token;
        var ranks = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => TakePartAsync(Connect(), $"member {i}")));
        Assert.Equal(Enumerable.Range(0, 10), ranks.Order());

        async Task<int> TakePartAsync(ZooKeeperClient client, string name)
        {
            var queue = new GatheringQueue(client, "/queue", size: 10);
            await using GatheringTicket ticket = await queue.JoinAsync(Encoding.UTF8.GetBytes(name), stop);
            int rank = ticket.Position;                           // 0 to 9, the same for all
            var names = await ticket.GetMembersAsync(stop);

            Assert.Equal(10, names.Count);
            return rank;
        }
    }

    [Fact]
    public async Task What_is_put_into_a_queue_is_worked_on_and_gone()
    {
        var client = Connect();
        var sent = new List<string>();
        await new WorkQueue(client, "/mail").EnqueueAsync("another"u8.ToArray(), cancellationToken: Token);
        await UntilCalledAsync(async (called, stop) =>
        {
            var (data, tomorrow) = ("letter"u8.ToArray(), default(DateTimeOffset?));
            Task<bool> TrySendAsync(ReadOnlyMemory<byte> letter, CancellationToken lost)
            {
                Assert.False(lost.IsCancellationRequested);
                sent.Add(Encoding.UTF8.GetString(letter.Span));
                if (sent.Count == 2)
                    called();
                return Task.FromResult(sent.Count == 1);
            }

            var queue = new WorkQueue(client, "/mail", new WorkQueueOptions { MaxItems = 5000 });
            await queue.EnqueueAsync(data, new EnqueueOptions { Priority = 10, NotBefore = tomorrow }, stop);

            await foreach (WorkItem item in queue.ConsumeAsync(stop))
                await using (item)
                    if (await TrySendAsync(item.Data, item.Lost))
                        await item.CompleteAsync(stop);           // false: it was not ours any more
        });
        Assert.Equal(["another", "letter"], sent.Order());
    }

    [Fact]
    public async Task What_is_counted_and_shared_is_seen_by_all()
    {
        var client = Connect();
        await UntilCalledAsync(async (called, stop) =>
        {
            var initial = "1"u8.ToArray();
            byte[] Raise(ReadOnlyMemory<byte> limits) => [.. limits.Span, (byte)'0'];

            long orders = await new DistributedCounter(client, "/orders/count").AddAsync(1, stop);
            var config = new SharedValue(client, "/config/limits", initial);
            await config.UpdateAsync(data => Raise(data), stop);
            await foreach (Znode value in config.ObserveAsync(stop))
                Apply(value.Data);

            void Apply(ReadOnlyMemory<byte> limits)
            {
                Assert.Equal(1, orders);
                Assert.Equal("10", Encoding.UTF8.GetString(limits.Span));
                called();
            }
        });
    }
}
