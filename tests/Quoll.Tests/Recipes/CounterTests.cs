using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Tests.Recipes;

public class CounterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_number_is_eight_bytes_as_Java_writes_it(long number)
    {
        var data = DistributedCounter.Encode(number);

        Assert.Equal(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(data.Span), number);
        Assert.Equal(number, DistributedCounter.Decode(data));
    }

    [Fact]
    public void A_znode_without_data_is_zero_and_what_is_no_number_is_refused()
    {
        Assert.Equal(0, DistributedCounter.Decode(default));
        Assert.Throws<InvalidDataException>(() => DistributedCounter.Decode("12"u8.ToArray()));
    }

    [Fact]
    public async Task Bad_arguments_are_refused_at_once()
    {
        await using var client = new ZooKeeperClient("127.0.0.1:1");
        Assert.Throws<ArgumentException>(() => new DistributedBarrier(client, "barrier"));
        Assert.Throws<ArgumentException>(() => new WorkQueue(client, "/"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DoubleBarrier(client, "/b", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GatheringQueue(client, "/b", 5001));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkQueue(client, "/q", new WorkQueueOptions { MaxItems = 0 }));
        var queue = new WorkQueue(client, "/q");
        await Assert.ThrowsAsync<ArgumentException>(async () => await queue.EnqueueAsync(new byte[1_000_001]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await queue.EnqueueAsync(default, new EnqueueOptions { Priority = 1000 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await new SharedValue(client, "/v").TrySetAsync(default, -1));
    }
}
