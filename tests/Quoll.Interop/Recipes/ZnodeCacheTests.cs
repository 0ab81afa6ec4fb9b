using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>One znode kept at hand.</summary>
public sealed class ZnodeCacheTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task A_znode_is_followed_through_creation_change_deletion_and_creation_again(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var cache = new ZnodeCache(client, "/a");
        await cache.Ready.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Null(cache.Current);
        Assert.True(cache.IsFresh);
        await using var seen = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.Null(await seen.NextAsync());

        await client.CreateAsync("/a", Bytes("one"));
        Assert.Equal("one", Text((await seen.NextAsync())!.Value.Data));
        await client.SetAsync("/a", Bytes("two"));
        Assert.Equal("two", Text((await seen.NextAsync())!.Value.Data));
        await client.DeleteAsync("/a");
        Assert.Null(await seen.NextAsync());
        await client.CreateAsync("/a", Bytes("three"));
        Assert.Equal("three", Text((await seen.NextAsync())!.Value.Data));
        Assert.Equal("three", Text(cache.Current!.Value.Data));
    }

    [Theory]
    [EachServer]
    public async Task What_changed_while_the_server_was_lost_or_the_session_ended_is_seen(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var other = await servers.ConnectAsync(kind, root);
        var wire = new FaultyWire();
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
        await other.CreateAsync("/a", Bytes("one"));
        await using var cache = new ZnodeCache(client, "/a");
        await cache.Ready;

        wire.Cut();
        await UntilAsync("the cache may be stale", () => !cache.IsFresh);
        await other.SetAsync("/a", Bytes("two"));
        Assert.Equal("one", Text(cache.Current!.Value.Data));
        wire.Mend();
        await UntilAsync("two is seen", () => cache.IsFresh && Text(cache.Current!.Value.Data) == "two");

        await EndSessionAsync(client);
        await other.SetAsync("/a", Bytes("three"));
        await UntilAsync("three is seen", () => Text(cache.Current!.Value.Data) == "three");
    }

    [Theory]
    [EachServer]
    public async Task A_znode_that_comes_and_goes_leaves_one_watch_and_a_closed_cache_none_CURATOR_240(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using (var cache = new ZnodeCache(client, "/a"))
        {
            await cache.Ready;
            for (var i = 0; i < 20; i++)
            {
                var created = await client.CreateAsync("/a");
                await UntilAsync("it is there", () => cache.Current?.Stat.Czxid == created.Stat.Czxid);
                await client.DeleteAsync("/a");
                await UntilAsync("it is gone", () => cache.Current is null);
            }

            await Deadline.UntilAsync(Patience, "one watch is left", async () => await WatchesAsync(addresses, $"{root}/a") == 1);
        }

        await Deadline.UntilAsync(Patience, "no watch is left", async () => await WatchesAsync(addresses, $"{root}/a") == 0);
    }

    [Theory]
    [EachServer]
    public async Task A_cache_ends_with_its_client_and_whoever_waits_for_it_is_told(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var client = await servers.ConnectAsync(kind, root);
        await using var cache = new ZnodeCache(client, "/a");
        await cache.Ready;
        await using var seen = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await seen.NextAsync();
        var next = seen.MoveNextAsync();

        await client.DisposeAsync();

        Assert.False(await next.AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        await using var late = new ZnodeCache(client, "/a");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late.Ready.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => new ZnodeCache(client, "a"));
    }
}
