using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Curator beside us, on the same znodes.</summary>
public sealed class CuratorTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Curators_services_and_groups_and_ours_see_each_other(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        using var curator = CuratorProgram.Start("CuratorNeighbour.java", await servers.AddressesAsync(kind) + root);
        await curator.ExpectAsync("registered");

        var registry = new ServiceRegistry(client, "/services");
        var theirs = Assert.Single(await registry.ResolveAsync("orders"));
        Assert.Equal(("curator", "10.0.0.2", 9090, null), (theirs.Id, theirs.Address, theirs.Port, theirs.SslPort));
        Assert.Equal((ServiceType.Dynamic, "{scheme}://{address}:{port}", true), (theirs.Type, theirs.UriSpec, theirs.IsEnabled));
        var group = new GroupMembership(client, "/group");
        await Deadline.UntilAsync(
            Patience, "Curator's member is there",
            async () => await group.GetMembersAsync() is [{ Id: "curator" } member] && Text(member.Payload) == "from curator");

        await using var ours = await registry.RegisterAsync(new ServiceInstance
        {
            Name = "orders",
            Id = "quoll",
            Address = "10.0.0.1",
            Port = 8080,
            SslPort = 8443,
            UriSpec = "http://{address}:{port}/x",
        });
        await using var joined = await group.JoinAsync("quoll", Bytes("from quoll"));
        curator.Send("look");

        await curator.FinishWithStepsAsync("service", "member", "left");
        Assert.Equal("quoll", Assert.Single(await registry.ResolveAsync("orders")).Id);
    }
}
