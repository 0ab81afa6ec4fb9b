using System.Text.Json;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Services and their instances.</summary>
public sealed class ServiceTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Instances_are_found_by_their_service_and_their_changes_are_seen(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var registry = new ServiceRegistry(client, "/services");
        Assert.Empty(await registry.ResolveAsync("orders"));
        Assert.Empty(await registry.GetNamesAsync());
        await using var seen = registry.ObserveAsync("orders", TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.Empty(await seen.NextAsync());

        var instance = new ServiceInstance
        {
            Name = "orders",
            Id = "1",
            Address = "10.0.0.1",
            Port = 8080,
            UriSpec = "http://{address}:{port}/",
        };
        await using var registration = await registry.RegisterAsync(instance);
        await seen.UpToAsync(instances => instances is [{ Id: "1", Address: "10.0.0.1", Port: 8080, SslPort: null, IsEnabled: true }]);
        Assert.Equal(registration.Instance, Assert.Single(await registry.ResolveAsync("orders")));
        Assert.Equal(["orders"], await registry.GetNamesAsync());

        await registration.UpdateAsync(registration.Instance with { IsEnabled = false });
        await seen.UpToAsync(instances => instances.Count == 0);
        await registration.UpdateAsync(registration.Instance with { IsEnabled = true, SslPort = 8443 });
        await seen.UpToAsync(instances => instances is [{ SslPort: 8443 }]);
        await registration.DisposeAsync();
        await seen.UpToAsync(instances => instances.Count == 0);

        await Assert.ThrowsAsync<ArgumentException>(async () => await registry.RegisterAsync(instance with { Type = ServiceType.Static }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await registry.RegisterAsync(instance with { Name = "a/b" }));
    }

    [Theory]
    [EachServer]
    public async Task An_instance_is_listed_again_as_it_is_now_after_its_session_ended_CURATOR_146_Netflix_200(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        var registry = new ServiceRegistry(client, "/services");
        await using var registration = await registry.RegisterAsync(new ServiceInstance { Name = "orders", Port = 1 });
        await registration.UpdateAsync(registration.Instance with { Port = 2 });
        await using var seen = new ServiceRegistry(other, "/services").ObserveAsync("orders", TestContext.Current.CancellationToken)
            .GetAsyncEnumerator();
        await seen.UpToAsync(instances => instances is [{ Port: 2 }]);

        await EndSessionAsync(client);

        var znode = $"/services/orders/{registration.Instance.Id}";
        await Deadline.UntilAsync(
            Patience, "it is listed in the next session",
            async () => (await other.TryGetAsync(znode))?.Stat.EphemeralOwner == client.Session?.Id);
        await seen.UpToAsync(instances => instances is [{ Port: 2 }]);
        await UntilAsync("it knows that it is listed", () => registration.State == RegistrationState.Registered);
    }

    [Theory]
    [EachServer]
    public async Task What_Curator_wrote_is_read_and_what_is_no_instance_is_nobody(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
        await client.CreateAsync("/services");
        await client.CreateAsync("/services/orders");
        var written = """
            {"name":"orders","id":"x","address":"host","port":80,"sslPort":null,"payload":{"@class":"com.example.Info","zone":"b"},
             "registrationTimeUTC":1700000000000,"serviceType":"STATIC","uriSpec":{"parts":[{"value":"scheme","variable":true},
             {"value":"://","variable":false},{"value":"address","variable":true}]},"somethingElse":[1,2]}
            """;
        await client.CreateAsync("/services/orders/x", Bytes(written));
        await client.CreateAsync("/services/orders/y", Bytes("{\"name\":"));
        await client.CreateAsync("/services/orders/z", Bytes("[]"));

        var instance = Assert.Single(await new ServiceRegistry(client, "/services").ResolveAsync("orders"));
        Assert.Equal(("x", "host", 80, null), (instance.Id, instance.Address, instance.Port, instance.SslPort));
        Assert.Equal((ServiceType.Static, "{scheme}://{address}", true), (instance.Type, instance.UriSpec, instance.IsEnabled));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1700000000000), instance.RegisteredAt);
        Assert.Equal("b", instance.Payload!.Value.GetProperty("zone").GetString());
        Assert.Equal(JsonValueKind.Object, instance.Payload.Value.ValueKind);
    }
}
