using Quoll.Recipes;

namespace Quoll.Tests.Docs;

public sealed class MembershipSnippets : SnippetHost
{
    [Fact]
    public async Task A_znode_is_at_hand()
    {
        var client = Connect();
        await client.CreateAsync("/config", cancellationToken: Token);
        await UntilCalledAsync(async (called, stop) =>
        {
            void Use(byte[]? data)
            {
                Assert.Null(data);
                called();
            }

            await using var cache = new ZnodeCache(client, "/config/limits");
            await cache.Ready;
            Use(cache.Current?.Data);                       // null where it is not there
            await foreach (var znode in cache.ObserveAsync(stop))
                Use(znode?.Data);
        });
    }

    [Fact]
    public async Task A_subtree_is_at_hand()
    {
        var client = Connect();
        foreach (var path in (string[])["/config", "/config/shop", "/config/shop/limit"])
            await client.CreateAsync(path, "7"u8.ToArray(), cancellationToken: Token);
        await UntilCalledAsync(async (called, stop) =>
        {
            await using var cache = new TreeCache(client, "/config", new() { MaxDepth = 3 });
            await cache.Ready;
            var limit = cache.Snapshot.Find("/config/shop/limit");
            await foreach (var change in cache.ObserveAsync(stop))
                Log(change.Kind, change.Path, change.Old?.Data, change.New?.Data);

            void Log(TreeChangeKind kind, string? path, ReadOnlyMemory<byte>? old, ReadOnlyMemory<byte>? now)
            {
                Assert.Null(old);
                Assert.Equal("7"u8, limit!.Data.Span);
                if (path == "/config/shop/limit")
                    called();
            }
        });
    }

    [Fact]
    public async Task A_registration_has_the_data_that_was_given_last()
    {
        var (client, stop, payload, otherPayload) = (Connect(), Token, "a"u8.ToArray(), "b"u8.ToArray());

        await using var registration = new EphemeralRegistration(client, "/workers/7", payload);
        await registration.WhenRegisteredAsync(stop);
        await registration.UpdateAsync(otherPayload, stop);

        Assert.Equal(otherPayload, (await client.GetAsync("/workers/7", Token)).Data);
    }

    [Fact]
    public async Task A_group_shows_its_members()
    {
        var client = Connect();
        await UntilCalledAsync(async (called, stop) =>
        {
            var payload = "a"u8.ToArray();
            void Show(IEnumerable<string> members)
            {
                Assert.Equal(["worker-7"], members);
                called();
            }

            var group = new GroupMembership(client, "/group");
            await using var membership = await group.JoinAsync("worker-7", payload, stop);
            await foreach (var members in group.ObserveAsync(stop))
                Show(members.Select(member => member.Id));
        });
    }

    [Fact]
    public async Task A_service_is_found_unless_it_is_disabled()
    {
        var (client, stop, found) = (Connect(), Token, new List<string>());
        void Use(string? address, int? port) => found.Add($"{address}:{port}");

        var registry = new ServiceRegistry(client, "/services");
        await using var listed = await registry.RegisterAsync(new() { Name = "orders", Address = "10.0.0.7", Port = 8080 }, stop);
        await listed.UpdateAsync(listed.Instance with { IsEnabled = false }, stop);
        foreach (var instance in await registry.ResolveAsync("orders", stop))
            Use(instance.Address, instance.Port);

        Assert.Empty(found);
        await listed.UpdateAsync(listed.Instance with { IsEnabled = true }, stop);
        Assert.Equal("10.0.0.7", Assert.Single(await registry.ResolveAsync("orders", stop)).Address);
    }

    [Fact]
    public async Task Partitions_are_taken_and_given_back()
    {
        var client = Connect();
        var taken = 0;
        await UntilCalledAsync(async (called, stop) =>
        {
            async Task WorkAsync(PartitionLease lease)
            {
                if (Interlocked.Increment(ref taken) == 4096)
                    called();
                await lease.DisposeAsync();
            }

            var group = new PartitionGroup(client, "/accounts", partitions: 4096);
            await using var member = await group.JoinAsync(Environment.MachineName, stop);
            await foreach (var lease in member.TakeAsync(stop))
                _ = WorkAsync(lease);      // until lease.Revoked fires; then await lease.DisposeAsync()
        });
    }
}
