using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>A subtree kept at hand, by a recursive watch and by a watch for each znode.</summary>
public sealed class TreeCacheTests(RecipeServers servers)
{
    private static readonly bool[] Ways = [true, false];

    [Theory]
    [EachServer]
    public async Task A_tree_is_there_once_it_is_ready_and_its_changes_are_told_with_old_and_new_CURATOR_705(ServerKind kind)
    {
        foreach (var isRecursive in Ways)
        {
            await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
            await client.CommitAsync(new Transaction().Create("/a", Bytes("A")).Create("/a/b", Bytes("B")).Create("/a/b/c", Bytes("C")));
            await using var cache = new TreeCache(client, "/a", new() { UsesRecursiveWatch = isRecursive });
            await cache.Ready;
            Assert.Equal(3, cache.Snapshot.Count);
            Assert.Equal("C", Text(cache.Snapshot.Find("/a/b/c")!.Data));
            Assert.Equal(["b"], cache.Snapshot.Root!.Children.Keys);
            Assert.Null(cache.Snapshot.Find("/a/b/d"));
            Assert.Null(cache.Snapshot.Find("/b"));
            await using var changes = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
            Assert.Equal(
                ["Added /a", "Added /a/b", "Added /a/b/c", "Fresh /a"],
                (await changes.UpToAsync(change => change.Kind == TreeChangeKind.Fresh)).Select(Words));

            await client.SetAsync("/a/b/c", Bytes("CC"));
            var updated = await changes.NextAsync();
            Assert.Equal(("Updated /a/b/c", "C", "CC"), (Words(updated), Text(updated.Old!.Data), Text(updated.New!.Data)));
            await client.CreateAsync("/a/d");
            Assert.Equal("Added /a/d", Words(await changes.NextAsync()));
            await client.CreateAsync("/a/d/e");
            Assert.Equal("Added /a/d/e", Words(await changes.NextAsync()));
            await client.CommitAsync(new Transaction().Delete("/a/d/e").Delete("/a/d"));
            Assert.Equal(["Removed /a/d/e", "Removed /a/d"], [Words(await changes.NextAsync()), Words(await changes.NextAsync())]);
            Assert.Equal(3, cache.Snapshot.Count);
        }
    }

    [Theory]
    [EachServer]
    public async Task A_root_that_is_missing_goes_and_comes_again_CURATOR_183_CURATOR_312(ServerKind kind)
    {
        var addresses = await servers.AddressesAsync(kind);
        foreach (var isRecursive in Ways)
        {
            var root = await servers.CreateRootAsync(kind);
            await using var client = await servers.ConnectAsync(kind, root);
            await using (var cache = new TreeCache(client, "/a", new() { UsesRecursiveWatch = isRecursive }))
            {
                await cache.Ready;
                Assert.Null(cache.Snapshot.Root);
                await using var changes = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
                Assert.Equal("Fresh /a", Words(await changes.NextAsync()));
                for (var i = 0; i < 5; i++)
                {
                    await client.CommitAsync(new Transaction().Create("/a", Bytes($"{i}")).Create("/a/b"));
                    Assert.Equal(["Added /a", "Added /a/b"], [Words(await changes.NextAsync()), Words(await changes.NextAsync())]);
                    await client.CommitAsync(new Transaction().Delete("/a/b").Delete("/a"));
                    Assert.Equal(["Removed /a/b", "Removed /a"], [Words(await changes.NextAsync()), Words(await changes.NextAsync())]);
                }

                await Deadline.UntilAsync(Patience, "one watch is left", async () => await WatchesAsync(addresses, $"{root}/a") == 1);
            }

            await Deadline.UntilAsync(Patience, "no watch is left", async () => await WatchesAsync(addresses, $"{root}/a") == 0);
        }
    }

    [Theory]
    [EachServer]
    public async Task What_was_missed_while_the_server_was_lost_is_told_as_net_changes_ZOOKEEPER_4698(ServerKind kind)
    {
        foreach (var isRecursive in Ways)
        {
            var root = await servers.CreateRootAsync(kind);
            await using var other = await servers.ConnectAsync(kind, root);
            var wire = new FaultyWire();
            await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
            await other.CommitAsync(new Transaction().Create("/a").Create("/a/set", Bytes("1")).Create("/a/gone").Create("/a/stays"));
            await using var cache = new TreeCache(client, "/a", new() { UsesRecursiveWatch = isRecursive });
            await cache.Ready;
            await using var changes = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
            await changes.UpToAsync(change => change.Kind == TreeChangeKind.Fresh);

            wire.Cut();
            Assert.Equal("Stale /a", Words(await changes.NextAsync()));
            Assert.False(cache.IsFresh);
            await other.CommitAsync(new Transaction().Set("/a/set", Bytes("2")).Set("/a/set", Bytes("3")).Delete("/a/gone"));
            await other.CommitAsync(new Transaction().Create("/a/new").Create("/a/brief").Delete("/a/brief"));
            wire.Mend();

            var missed = new List<string>();
            while (missed.Count < 3)
            {
                if (await changes.NextAsync() is { Kind: not (TreeChangeKind.Fresh or TreeChangeKind.Stale) } change)
                    missed.Add(Words(change));
            }

            Assert.Equal(["Added /a/new", "Removed /a/gone", "Updated /a/set"], missed.Order());
            await UntilAsync("the cache is fresh", () => cache.IsFresh && cache.Snapshot.Find("/a/new") is not null);
            Assert.Equal(["new", "set", "stays"], cache.Snapshot.Root!.Children.Keys);
            Assert.Equal("3", Text(cache.Snapshot.Find("/a/set")!.Data));
        }
    }

    [Theory]
    [EachServer]
    public async Task A_tree_is_followed_into_the_next_session(ServerKind kind)
    {
        foreach (var isRecursive in Ways)
        {
            var root = await servers.CreateRootAsync(kind);
            await using var other = await servers.ConnectAsync(kind, root);
            await using var client = await servers.ConnectAsync(kind, root);
            await other.CommitAsync(new Transaction().Create("/a").Create("/a/b"));
            await using var cache = new TreeCache(client, "/a", new() { UsesRecursiveWatch = isRecursive });
            await cache.Ready;

            await EndSessionAsync(client);
            await other.CreateAsync("/a/c");
            await UntilAsync("c is there", () => cache.IsFresh && cache.Snapshot.Find("/a/c") is not null);
            await other.DeleteAsync("/a/b");
            await UntilAsync("b is gone", () => cache.Snapshot.Count == 2);
        }
    }

    [Theory]
    [EachServer]
    public async Task Only_what_is_wanted_is_kept(ServerKind kind)
    {
        foreach (var isRecursive in Ways)
        {
            await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
            await client.CommitAsync(new Transaction().Create("/a").Create("/a/b").Create("/a/b/c").Create("/a/no").Create("/a/no/d"));
            await using var shallow = new TreeCache(client, "/a", new() { UsesRecursiveWatch = isRecursive, MaxDepth = 1 });
            await using var filtered = new TreeCache(
                client, "/a",
                new() { UsesRecursiveWatch = isRecursive, Filter = path => !path.EndsWith("/no", StringComparison.Ordinal) });
            await Task.WhenAll(shallow.Ready, filtered.Ready);
            Assert.Equal(3, shallow.Snapshot.Count);
            Assert.Equal(3, filtered.Snapshot.Count);

            await client.CommitAsync(new Transaction().Create("/a/no/e").Create("/a/b/f").Create("/a/last"));
            await UntilAsync("both have the last", () => (shallow.Snapshot.Count, filtered.Snapshot.Count) == (4, 5));
            Assert.Null(shallow.Snapshot.Find("/a/b/f"));
            Assert.Null(filtered.Snapshot.Find("/a/no"));
            Assert.NotNull(filtered.Snapshot.Find("/a/b/f"));
        }
    }

    [Theory]
    [EachServer]
    public async Task A_slow_reader_is_told_the_net_of_what_was_and_more_changes_than_may_wait_are_read_as_a_whole(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
        await client.CommitAsync(new Transaction().Create("/a").Create("/a/busy", Bytes("0")));
        await using var cache = new TreeCache(client, "/a", new() { MaxPendingChanges = 5 });
        await cache.Ready;
        await using var changes = cache.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await changes.UpToAsync(change => change.Kind == TreeChangeKind.Fresh);

        var many = new Transaction();
        for (var i = 1; i <= 200; i++)
            many.Create($"/a/{i}").Set("/a/busy", Bytes($"{i}"));
        await client.CommitAsync(many);
        await UntilAsync("all are there", () => cache.IsFresh && cache.Snapshot.Count == 202);

        var told = await changes.UpToAsync(change => change.Path == "/a/busy");
        Assert.Equal(("0", "200"), (Text(told[^1].Old!.Data), Text(told[^1].New!.Data)));
        Assert.Equal(200, told.Count(change => change.Kind == TreeChangeKind.Added));
        Assert.Equal(201, told.Count(change => change.Kind != TreeChangeKind.Stale && change.Kind != TreeChangeKind.Fresh));
    }

    [Theory]
    [EachServer]
    public async Task A_server_that_tells_of_what_is_watched_in_place_of_what_changed_is_seen_through_ClickHouse_115475(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var wire = new FaultyWire { Deliver = (answered, frame) => answered is null ? WithPath(frame, $"{root}/a") : frame };
        await using var other = await servers.ConnectAsync(kind, root);
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
        await other.CommitAsync(new Transaction().Create("/a").Create("/a/b", Bytes("1")));
        await using var cache = new TreeCache(client, "/a");
        await cache.Ready;
        for (var i = 0; i < 5; i++)
        {
            await other.SetAsync("/a/b", Bytes($"{i}"));
            await UntilAsync("the change is seen", () => Text(cache.Snapshot.Find("/a/b")!.Data) == $"{i}");
            await other.CreateAsync($"/a/{i}");
            await UntilAsync("the new one is seen", () => cache.Snapshot.Find($"/a/{i}") is not null);
            await other.DeleteAsync($"/a/{i}");
            await UntilAsync("it is gone", () => cache.Snapshot.Find($"/a/{i}") is null);
        }
    }

    // Apache's servers before 3.9 know one watch of a session on a path: the later replaces the one before.
    [Fact]
    [Trait("server", nameof(ServerKind.Quoll))]
    public async Task Watches_of_others_on_the_same_path_go_on_beside_it_and_after_it_ZOOKEEPER_4475()
    {
        await using var client = await servers.ConnectAsync(ServerKind.Quoll, await servers.CreateRootAsync(ServerKind.Quoll));
        await client.CreateAsync("/a");
        var single = await client.GetChildrenAndWatchAsync("/a");
        await using var stream = await client.WatchAsync("/a", WatchMode.PersistentRecursive);
        await using var events = stream.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal(WatchEventKind.Resync, (await events.NextAsync()).Kind);
        var cache = new TreeCache(client, "/a");
        await cache.Ready;

        await client.CreateAsync("/a/b");
        var changed = await single.Watch.Changed.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(WatchEventKind.ChildrenChanged, changed.Kind);
        await UntilAsync("the cache has it", () => cache.Snapshot.Find("/a/b") is not null);
        Assert.Equal((WatchEventKind.Created, "/a/b"), await KindAndPathAsync());
        await cache.DisposeAsync();

        await client.SetAsync("/a/b", Bytes("1"));
        Assert.Equal((WatchEventKind.DataChanged, "/a/b"), await KindAndPathAsync());

        async Task<(WatchEventKind, string)> KindAndPathAsync()
        {
            var next = await events.NextAsync();
            return (next.Kind, next.Path);
        }
    }

    [Fact]
    [Trait("server", nameof(ServerKind.Quoll))]
    public async Task A_hundred_thousand_children_are_listed_and_cached_CURATOR_690()
    {
        const int count = 100_000;
        await using var client = await servers.ConnectAsync(ServerKind.Quoll, await servers.CreateRootAsync(ServerKind.Quoll));
        await client.CreateAsync("/a");
        await Parallel.ForAsync(0, count / 1000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (block, _) =>
        {
            var thousand = new Transaction();
            for (var i = block * 1000; i < (block + 1) * 1000; i++)
                thousand.Create("/a/" + i.ToString("d6", CultureInfo.InvariantCulture));
            await client.CommitAsync(thousand, CancellationToken.None);
        });

        var started = Stopwatch.GetTimestamp();
        await using var cache = new TreeCache(client, "/a");
        await cache.Ready.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine($"{count} were read in {Stopwatch.GetElapsedTime(started)}");
        Assert.Equal(count + 1, cache.Snapshot.Count);
        await client.SetAsync("/a/099999", Bytes("last"));
        await UntilAsync("the last is changed", () => cache.Snapshot.Find("/a/099999")!.Data.Length > 0);
    }

    // A notification: xid, zxid, error, kind, state, and the path as it is to be.
    private static byte[] WithPath(byte[] frame, string path)
    {
        if (BinaryPrimitives.ReadInt32BigEndian(frame) != -1)
            return frame;
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, path.Length);
        return [.. frame.AsSpan(0, 24), .. length, .. Bytes(path)];
    }

    private static string Words(TreeChange change) => $"{change.Kind} {change.Path}";
}
