using Quoll.Interop.Clients;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Groups and their members.</summary>
public sealed class GroupTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Members_come_and_go_and_everybody_sees_them(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        var second = await servers.ConnectAsync(kind, root);
        var group = new GroupMembership(first, "/group");
        Assert.Empty(await group.GetMembersAsync());
        await using var seen = group.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.Empty(await seen.NextAsync());

        await using var alpha = await group.JoinAsync("alpha", Bytes("1"));
        await seen.UpToAsync(members => members is [{ Id: "alpha" }]);
        await new GroupMembership(second, "/group").JoinAsync("beta", Bytes("2"));
        await seen.UpToAsync(members => members is [{ Id: "alpha" }, { Id: "beta" }]);
        await alpha.UpdateAsync(Bytes("3"));
        await seen.UpToAsync(members => Text(members[0].Payload) == "3");
        Assert.Equal(["alpha", "beta"], (await group.GetMembersAsync()).Select(member => member.Id));

        await second.DisposeAsync();
        await seen.UpToAsync(members => members is [{ Id: "alpha" }]);
        Assert.Throws<ArgumentException>(() => new GroupMembership(first, "group"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await group.JoinAsync("a/b"));
    }

    [Theory]
    [EachServer]
    public async Task Whoever_has_the_id_of_another_joins_when_that_one_has_gone_and_not_at_all_if_he_gives_up(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var first = await servers.ConnectAsync(kind, root);
        await using var second = await servers.ConnectAsync(kind, root);
        var before = await new GroupMembership(first, "/group").JoinAsync("same");
        var group = new GroupMembership(second, "/group");
        using var patience = new CancellationTokenSource();
        var giving = group.JoinAsync("same", default, patience.Token).AsTask();
        var waiting = group.JoinAsync("same").AsTask();

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => giving);
        Assert.False(waiting.IsCompleted);
        await before.DisposeAsync();

        await using var joined = await waiting.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(second.Session!.Id, Assert.Single(await group.GetMembersAsync()).SessionId);
    }

    [Theory]
    [EachServer]
    public async Task Kazoos_parties_and_our_groups_see_each_other(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        using var kazoo = ClientProgram.Python("recipes_party.py", await servers.AddressesAsync(kind) + root);
        await kazoo.ExpectAsync("joined");
        var group = new GroupMembership(client, "/party", NameStyle.Kazoo);
        Assert.Equal("from-kazoo", Assert.Single(await group.GetMembersAsync()).Id);

        await using var ours = await group.JoinAsync("from-quoll");
        await using var shallow = await new GroupMembership(client, "/shallow").JoinAsync("quoll", Bytes("payload"));
        kazoo.Send("look");

        await kazoo.FinishWithStepsAsync("party", "shallow", "left");
        Assert.Equal("from-quoll", Assert.Single(await group.GetMembersAsync()).Id);
        await Assert.ThrowsAsync<ArgumentException>(async () => await group.JoinAsync("a", Bytes("payload")));
    }
}
