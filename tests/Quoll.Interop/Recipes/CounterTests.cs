using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

public sealed class CounterTests(RecipeServers servers)
{
    private const string Path = "/counters/a";

    [Theory]
    [EachServer]
    public async Task Many_count_and_nothing_is_left_out(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        var counters = new[] { first, second }.SelectMany(client =>
            new[] { new DistributedCounter(client, Path), new DistributedCounter(client, Path) }).ToArray();

        await Task.WhenAll(counters.Select(async (counter, i) =>
        {
            for (var n = 0; n < 25; n++)
                await counter.AddAsync(i == 0 ? -1 : 2);
        }));

        await second.SyncAsync(Path);
        Assert.Equal(125, await counters[3].GetAsync());
        Assert.Equal(120, await counters[0].AddAsync(-5));
    }

    // kazoo's Counter reads and adds again when an answer is lost.
    [Theory]
    [EachServer]
    public async Task What_was_added_is_not_added_again_when_the_answer_is_lost(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var (counter, others) = (new DistributedCounter(client, Path), new DistributedCounter(other, Path));
        await counter.AddAsync(1);
        for (var n = 2; n <= 6; n++)
        {
            faults.LoseNextAnswerTo(OpCode.Multi);
            Assert.Equal(n, await counter.AddAsync(1));
        }

        Assert.Equal(5, faults.Lost);
        await other.SyncAsync(Path);
        Assert.Equal(6, await others.GetAsync());

        // Two that write the same number over the same one: both count.
        faults.LoseNextAnswerTo(OpCode.Multi);
        await Task.WhenAll(counter.AddAsync(1).AsTask(), others.AddAsync(1).AsTask(), others.AddAsync(1).AsTask());
        await other.SyncAsync(Path);
        Assert.Equal(9, await others.GetAsync());
    }

    [Theory]
    [EachServer]
    public async Task A_number_is_exchanged_only_for_the_one_that_was_expected(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var faults = new FaultyWire();
        await using var client = await faults.ConnectAsync(servers, kind, root);
        var counter = new DistributedCounter(client, Path);

        Assert.Equal(0, await counter.CompareExchangeAsync(7, comparand: 0));
        Assert.Equal(7, await counter.CompareExchangeAsync(8, comparand: 0));
        faults.LoseNextAnswerTo(OpCode.Multi);
        Assert.Equal(7, await counter.CompareExchangeAsync(long.MaxValue, comparand: 7));
        Assert.Equal(1, faults.Lost);
        await Assert.ThrowsAsync<OverflowException>(async () => await counter.AddAsync(1));
        Assert.Equal(long.MaxValue, await counter.GetAsync());
    }

    [Theory]
    [EachServer]
    public async Task The_znode_is_that_of_Curators_counter(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var counter = new DistributedCounter(client, Path);
        await counter.AddAsync(258);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 2], (await client.GetAsync(Path)).Data);

        await client.SetAsync(Path, new byte[] { 255, 255, 255, 255, 255, 255, 255, 254 });
        Assert.Equal(-2, await counter.GetAsync());
        Assert.Equal(1, await counter.AddAsync(3));
    }
}
