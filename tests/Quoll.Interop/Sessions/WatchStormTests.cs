using Quoll.Client;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Sessions;

/// <summary>More events than anybody reads.</summary>
public sealed class WatchStormTests(RecipeServers servers)
{
    private const int Buffer = 100;
    private const int Znodes = 50;
    private const int Rounds = 200;

    [Theory]
    [EachServer]
    public async Task A_reader_who_lets_ten_thousand_events_pass_is_told_to_read_anew_and_costs_no_more_than_his_buffer(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var writer = await servers.ConnectAsync(kind, root);
        await using var client = await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = await servers.AddressesAsync(kind) + root,
            WatchBuffer = Buffer,
        });
        for (var znode = 0; znode < Znodes; znode++)
            await writer.CreateAsync($"/{znode}");
        await using var events = await client.WatchAsync("/", WatchMode.PersistentRecursive);

        for (var round = 0; round < Rounds; round++)
            await Task.WhenAll(Enumerable.Range(0, Znodes).Select(znode => writer.SetAsync($"/{znode}", Bytes($"{round}")).AsTask()));

        // What a server answers comes behind the events of all that it has done before.
        await client.SyncAsync();
        Assert.Equal(Rounds, (await client.GetAsync("/0")).Stat.Version);
        await writer.CreateAsync("/last");
        await using var read = events.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var told = await read.UpToAsync(what => what.Path == "/last");
        Assert.Equal((WatchEventKind.Resync, ResyncReason.BufferOverflow), (told[0].Kind, told[0].Reason));
        Assert.InRange(told.Count, 2, Buffer + 1);
        Assert.All(told.Skip(1).SkipLast(1), what => Assert.Equal(WatchEventKind.DataChanged, what.Kind));
    }
}
