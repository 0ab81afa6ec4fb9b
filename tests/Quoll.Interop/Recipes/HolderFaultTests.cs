using Quoll.Client;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Whoever holds a lock is cut off, or stands still, for longer than his session lives.</summary>
public sealed class HolderFaultTests(RecipeServers servers)
{
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(2);

    [Theory]
    [EachServer]
    public async Task Who_is_cut_off_until_his_session_expires_knows_it_before_the_next_holds_and_changes_nothing_more(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var wire = new FaultyWire();
        await using var holder = await ZooKeeperClient.ConnectAsync(
            wire.For(await servers.AddressesAsync(kind) + root) with { SessionTimeout = SessionTimeout });
        await using var other = await servers.ConnectAsync(kind, root);
        await other.CreateAsync("/data");
        var held = await new DistributedLock(holder, "/lock").AcquireAsync();
        await held.Fenced.SetAsync("/data", Bytes("first"));
        var waiting = new DistributedLock(other, "/lock").AcquireAsync().AsTask();

        wire.Cut();
        await using var next = await waiting.WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.True(held.Lost.IsCancellationRequested);
        Assert.True(next.FencingToken > held.FencingToken);
        await next.Fenced.SetAsync("/data", Bytes("second"));
        wire.Mend();
        await Assert.ThrowsAsync<LockLostException>(async () => await held.Fenced.SetAsync("/data", Bytes("too late")));
        await held.DisposeAsync();
        Assert.NotEqual(held.Session, await holder.GetSessionAsync());
        Assert.Null(await new DistributedLock(holder, "/lock").TryAcquireAsync());
        Assert.Equal("second", Text((await other.GetAsync("/data")).Data));
        Assert.False(next.Lost.IsCancellationRequested);
    }

    [Theory]
    [EachServer]
    public async Task A_process_that_stood_still_knows_that_its_lock_is_lost_before_it_hears_anything_else_kazoo_241(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var other = await servers.ConnectAsync(kind, root);
        await other.CreateAsync("/data");
        using var holder = ClientProgram.Start(
            TestProgram.File, HolderProgram.Verb, await servers.AddressesAsync(kind) + root,
            $"{SessionTimeout.TotalSeconds}");
        await holder.ExpectAsync("ok holds");
        var waiting = new DistributedLock(other, "/lock").AcquireAsync().AsTask();
        await UntilWrittenAsync(other, 10);

        holder.Suspend();
        await using var next = await waiting.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var last = (await next.Fenced.SetAsync("/data", Bytes("the next"))).Version;
        holder.Resume();

        await holder.FinishWithStepsAsync("holds", "the token came first", "refused", "released");
        Assert.Equal((last, "the next"), ((await other.GetAsync("/data")).Stat.Version, Text((await other.GetAsync("/data")).Data)));
        Assert.False(next.Lost.IsCancellationRequested);
    }

    private static Task UntilWrittenAsync(ZooKeeperClient client, int version) => Deadline.UntilAsync(
        Patience, "it works", async () => (await client.GetAsync("/data")).Stat.Version >= version);
}
