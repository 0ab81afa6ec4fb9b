using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Ephemeral znodes that are kept as they are wanted.</summary>
public sealed class RegistrationTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task A_registration_is_there_with_its_data_and_goes_when_it_is_disposed_of_and_again_CURATOR_617(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
        var registration = new EphemeralRegistration(client, "/services/a/1", Bytes("one"));
        await registration.WhenRegisteredAsync();
        var there = await client.GetAsync("/services/a/1");
        Assert.Equal(("one", client.Session!.Id), (Text(there.Data), there.Stat.EphemeralOwner));

        await registration.UpdateAsync(Bytes("two"));
        Assert.Equal("two", Text((await client.GetAsync("/services/a/1")).Data));
        Assert.Equal(RegistrationState.Registered, registration.State);

        await registration.DisposeAsync();
        Assert.Null(await client.ExistsAsync("/services/a/1"));
        await registration.DisposeAsync();
        Assert.Equal(RegistrationState.Closed, registration.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await registration.UpdateAsync(default));
    }

    [Theory]
    [EachServer]
    public async Task What_others_do_to_the_znode_is_put_right(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        await using var registration = new EphemeralRegistration(client, "/a", Bytes("mine"));
        await registration.WhenRegisteredAsync();

        await other.SetAsync("/a", Bytes("changed"));
        await Deadline.UntilAsync(Patience, "the data is mine", async () => Text((await other.GetAsync("/a")).Data) == "mine");
        var before = (await other.GetAsync("/a")).Stat.Czxid;
        await other.DeleteAsync("/a");
        await Deadline.UntilAsync(Patience, "it is there again", async () => (await other.ExistsAsync("/a"))?.Czxid > before);
    }

    [Theory]
    [EachServer]
    public async Task A_registration_comes_back_in_the_next_session_with_the_latest_data_Netflix_131_181(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var wire = new FaultyWire();
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
        await using var other = await servers.ConnectAsync(kind, root);
        await using var registration = new EphemeralRegistration(client, "/a", Bytes("old"));
        await registration.WhenRegisteredAsync();
        var former = (await other.GetAsync("/a")).Stat;

        wire.Cut();
        var updated = registration.UpdateAsync(Bytes("new")).AsTask();
        Assert.False(updated.IsCompleted);
        await using (await ZooKeeperClient.ConnectAsync(client.Options with
                     {
                         Connect = null,
                         ResumeSession = (client.Session!.Id, client.Session.Password),
                     }))
        {
        }

        Assert.Null(await other.ExistsAsync("/a"));
        wire.Mend();

        await updated.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var there = await other.GetAsync("/a");
        Assert.Equal("new", Text(there.Data));
        Assert.NotEqual(former.EphemeralOwner, there.Stat.EphemeralOwner);
    }

    [Theory]
    [EachServer]
    public async Task Answers_that_are_lost_and_a_lost_connection_change_nothing_twice_CURATOR_320(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var wire = new FaultyWire();
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
        wire.LoseNextAnswerTo(OpCode.Create2);
        await using var registration = new EphemeralRegistration(client, "/a", Bytes("one"));
        await registration.WhenRegisteredAsync();
        Assert.Equal(1, wire.Sent[OpCode.Create2]);

        wire.LoseNextAnswerTo(OpCode.SetData);
        await registration.UpdateAsync(Bytes("two"));
        Assert.Equal(1, wire.Sent[OpCode.SetData]);

        wire.Cut();
        wire.Mend();
        await client.SyncAsync();
        var stat = (await client.GetAsync("/a")).Stat;
        Assert.Equal((1, 1, 1), (stat.Version, wire.Sent[OpCode.Create2], wire.Sent[OpCode.SetData]));
    }

    [Theory]
    [EachServer]
    public async Task Whoever_is_gone_while_it_was_being_registered_leaves_nothing_behind_CURATOR_164(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var wire = new FaultyWire();
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(await servers.AddressesAsync(kind) + root));
        await using var other = await servers.ConnectAsync(kind, root);
        for (var i = 0; i < 10; i++)
        {
            wire.LoseNextAnswerTo(i % 2 == 0 ? OpCode.Create2 : OpCode.Sync);
            await using (new EphemeralRegistration(client, $"/{i}"))
            {
            }
        }

        await client.SyncAsync();
        await Deadline.UntilAsync(Patience, "nothing is left", async () => (await client.GetChildrenAsync("/")).Names.Length == 0);
    }

    [Theory]
    [EachServer]
    public async Task What_is_somebody_elses_is_waited_for(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        await using var other = await servers.ConnectAsync(kind, root);
        await other.CreateAsync("/a", Bytes("theirs"), CreateMode.Ephemeral);
        await using var registration = new EphemeralRegistration(client, "/a", Bytes("mine"));
        await using var states = registration.ObserveAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        await states.UpToAsync(state => state == RegistrationState.Taken);
        Assert.Equal("theirs", Text((await other.GetAsync("/a")).Data));

        await other.DisposeAsync();

        await states.UpToAsync(state => state == RegistrationState.Registered);
        Assert.Equal("mine", Text((await client.GetAsync("/a")).Data));
    }

    [Theory]
    [EachServer]
    public async Task What_a_server_refuses_is_told_to_whoever_waits(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
        await client.CreateAsync("/brief", default, CreateMode.Ephemeral);
        await using var registration = new EphemeralRegistration(client, "/brief/a");
        var refused = await Assert.ThrowsAsync<ZooKeeperException>(async () => await registration.WhenRegisteredAsync());
        Assert.Equal(ErrorCode.NoChildrenForEphemerals, refused.Error);
    }
}
