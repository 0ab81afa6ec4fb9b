using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Work that is shared out.</summary>
public sealed class PartitionTests(RecipeServers servers)
{
    [Theory]
    [EachServer]
    public async Task Partitions_are_shared_out_evenly_as_members_come_and_go_and_stay_where_they_can(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var one = await servers.ConnectAsync(kind, root);
        await using var two = await servers.ConnectAsync(kind, root);
        var three = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(one, "/work", 12);
        var workers = new Workers();
        await using var first = await group.JoinAsync("a");
        _ = workers.WorkAsync(first);
        await SharedAsync(group, 12);

        var second = await new PartitionGroup(two, "/work", 12).JoinAsync("b");
        _ = workers.WorkAsync(second);
        await SharedAsync(group, 6, 6);
        await UntilAsync("18 were taken in all", () => workers.Taken == 18);
        var third = await new PartitionGroup(three, "/work", 12).JoinAsync("c");
        _ = workers.WorkAsync(third);
        await SharedAsync(group, 4, 4, 4);
        await UntilAsync("22 were taken in all", () => workers.Taken == 22);

        // One leaves, one dies.
        await second.DisposeAsync();
        await SharedAsync(group, 6, 6);
        await UntilAsync("26 were taken in all", () => workers.Taken == 26);
        await three.DisposeAsync();
        await SharedAsync(group, 12);
        await UntilAsync("all are worked on", () => workers.Count == 12);
        await UntilAsync("32 were taken in all", () => workers.Taken == 32);
        Assert.Empty(workers.Wrongs);
    }

    [Theory]
    [EachServer]
    public async Task A_partition_passes_on_only_when_it_is_given_back(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var one = await servers.ConnectAsync(kind, root);
        await using var two = await servers.ConnectAsync(kind, root);
        await using var first = await new PartitionGroup(one, "/work", 2).JoinAsync("a");
        await using var ofFirst = first.TakeAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        PartitionLease[] leases = [await ofFirst.NextAsync(), await ofFirst.NextAsync()];
        Assert.Equal([0, 1], leases.Select(lease => lease.Partition));

        await using var second = await new PartitionGroup(two, "/work", 2).JoinAsync("b");
        await using var ofSecond = second.TakeAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        var next = ofSecond.MoveNextAsync().AsTask();
        await UntilAsync("one is revoked", () => leases.Count(lease => lease.Revoked.IsCancellationRequested) == 1);
        var revoked = Assert.Single(leases, lease => lease.Revoked.IsCancellationRequested);
        Assert.False(revoked.Lost.IsCancellationRequested);
        await two.SyncAsync();
        Assert.False(next.IsCompleted);

        await revoked.DisposeAsync();

        Assert.True(await next.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(revoked.Partition, ofSecond.Current.Partition);
        Assert.True(ofSecond.Current.FencingToken > revoked.FencingToken);
        Assert.False(ofSecond.Current.IsLost);
    }

    [Theory]
    [EachServer]
    public async Task Whoever_loses_his_session_or_his_znode_loses_his_partitions_and_comes_back(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var one = await servers.ConnectAsync(kind, root);
        await using var two = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(two, "/work", 6);
        var workers = new Workers();
        await using var first = await new PartitionGroup(one, "/work", 6).JoinAsync("a");
        await using var second = await group.JoinAsync("b");
        _ = workers.WorkAsync(second);
        await using var ofFirst = first.TakeAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        var lease = await ofFirst.NextAsync();
        var before = one.Session!.Id;

        await workers.EndSessionAsync(one);
        await UntilAsync("the partition is lost", () => lease.Lost.IsCancellationRequested && lease.Revoked.IsCancellationRequested);
        Assert.True(lease.IsLost);
        await lease.DisposeAsync();
        var again = await ofFirst.NextAsync();
        Assert.True(again.FencingToken > lease.FencingToken);
        Assert.DoesNotContain(await group.GetOwnersAsync(), owner => owner.SessionId == before);

        var member = (await one.GetChildrenAsync("/work/members")).Names.Single(name => name.EndsWith("-a", StringComparison.Ordinal));
        await two.DeleteAsync($"/work/members/{member}");
        await UntilAsync("the partition is lost again", () => again.Lost.IsCancellationRequested);
        await again.DisposeAsync();
        await SharedAsync(group, 3, 3);
        Assert.Empty(workers.Wrongs);
    }

    [Theory]
    [EachServer]
    public async Task A_member_without_a_server_knows_that_its_partitions_are_lost_before_another_has_them(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind) + root;
        var wire = new FaultyWire();
        await using var one = await ZooKeeperClient.ConnectAsync(wire.For(addresses) with { SessionTimeout = TimeSpan.FromSeconds(4) });
        await using var two = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(two, "/work", 6);
        var workers = new Workers();
        await using var first = await new PartitionGroup(one, "/work", 6).JoinAsync("a");
        _ = workers.WorkAsync(first);
        await using var second = await group.JoinAsync("b");
        _ = workers.WorkAsync(second);
        await SharedAsync(group, 3, 3);

        wire.Cut();
        await SharedAsync(group, 6);
        await UntilAsync("all are worked on by the other", () => workers.Count == 6);
        wire.Mend();
        await SharedAsync(group, 3, 3);
        await UntilAsync("all are worked on by both", () => workers.Count == 6);
        Assert.Empty(workers.Wrongs);
    }

    [Theory]
    [EachServer]
    public async Task Answers_that_are_lost_make_no_two_owners_of_any_of_a_thousand_partitions(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind) + root;
        await using var watching = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(watching, "/work", 1000);
        var workers = new Workers();
        OpCode[] kinds = [OpCode.Multi, OpCode.SetData, OpCode.Create2, OpCode.GetData, OpCode.Sync];
        var clients = new List<(ZooKeeperClient Client, FaultyWire Wire, PartitionMember Member)>();
        for (var i = 0; i < 5; i++)
        {
            var wire = new FaultyWire();
            var client = await ZooKeeperClient.ConnectAsync(wire.For(addresses));
            wire.LoseNextAnswerTo(kinds[i]);
            var member = await new PartitionGroup(client, "/work", 1000).JoinAsync($"worker {i}");
            _ = workers.WorkAsync(member);
            clients.ForEach(other => other.Wire.LoseNextAnswerTo(kinds[(i + 1) % kinds.Length]));
            clients.Add((client, wire, member));
        }

        await SharedAsync(group, 200, 200, 200, 200, 200);
        await workers.EndSessionAsync(clients[0].Client);
        await clients[1].Client.DisposeAsync();
        await clients[2].Member.DisposeAsync();
        await SharedAsync(group, 334, 333, 333);
        await UntilAsync("all are worked on", () => workers.Count == 1000);
        foreach (var (client, _, member) in clients)
        {
            await member.DisposeAsync();
            await client.DisposeAsync();
        }

        Assert.Empty(workers.Wrongs);
        Assert.Equal(0, workers.Count);
    }

    [Theory]
    [EachServer]
    public async Task All_cut_the_work_into_as_many_partitions_until_all_have_left(ServerKind kind)
    {
        await using var client = await servers.ConnectAsync(kind, await servers.CreateRootAsync(kind));
        var first = await new PartitionGroup(client, "/work", 10).JoinAsync("a");
        var other = new PartitionGroup(client, "/work", 20);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await other.JoinAsync("b"));
        await first.DisposeAsync();
        await using var second = await other.JoinAsync("b");
        await SharedAsync(other, 20);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PartitionGroup(client, "/work", 0));
        Assert.Equal(other.PartitionOf("account 7"), new PartitionGroup(client, "/other", 20).PartitionOf("account 7"));
    }

    [Theory]
    [EachServer]
    public async Task What_a_member_that_comes_costs_grows_with_the_members_and_not_with_the_partitions(ServerKind kind)
    {
        const int partitions = 4096;
        const int members = 20;
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind) + root;
        await using var watching = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(watching, "/work", partitions);
        var workers = new Workers();
        var wire = new FaultyWire();
        var clients = new List<ZooKeeperClient>();
        for (var i = 0; i <= members; i++)
        {
            if (i == members)
            {
                await SharedAsync(group, Shares(partitions, members));
                wire.Sent.Clear();
            }

            clients.Add(await ZooKeeperClient.ConnectAsync(wire.For(addresses)));
            _ = workers.WorkAsync(await new PartitionGroup(clients[i], "/work", partitions).JoinAsync($"worker {i}"));
        }

        await SharedAsync(group, Shares(partitions, members + 1));
        var requests = wire.Sent.Where(sent => sent.Key != OpCode.Ping).Sum(sent => sent.Value);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", wire.Sent));
        Assert.InRange(requests, members, 15 * members);
        foreach (var client in clients)
            await client.DisposeAsync();
        Assert.Empty(workers.Wrongs);
    }

    private static int[] Shares(int partitions, int members) =>
        [.. Enumerable.Range(0, members).Select(i => (partitions / members) + (i < partitions % members ? 1 : 0))];

    private static Task SharedAsync(PartitionGroup group, params int[] counts)
    {
        var all = counts.Sum();
        return Deadline.UntilAsync(Patience, $"they have {string.Join(", ", counts)}", async () =>
        {
            var owners = await group.GetOwnersAsync();
            Assert.Equal(
                owners.Sum(owner => owner.Partitions.Count), owners.SelectMany(owner => owner.Partitions).Distinct().Count());
            return owners.Select(owner => owner.Partitions.Count).OrderDescending().SequenceEqual(counts);
        });
    }
}
