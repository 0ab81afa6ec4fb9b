using Quoll.Client;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Sessions;

/// <summary>The server that a client talks to is killed with requests under way: before it has read them, and after it has carried them
/// out.</summary>
public sealed class KilledServerTests
{
    private const int Answered = 50;
    private const int UnderWay = 20;
    private const int Locks = 12;

    [Theory]
    [EachServer]
    public async Task Changes_that_the_killed_server_had_are_told_as_unknown_and_made_once_at_most(ServerKind kind)
    {
        await using var servers = await MortalServers.StartAsync(kind);
        var wire = new FaultyWire();
        await using var client = await ZooKeeperClient.ConnectAsync(wire.For(servers.Addresses));
        await client.CreateAsync("/made");
        for (var number = 0; number < Answered; number++)
            await CreateAsync(client, number);

        var server = servers.Suspend(client);
        var sent = wire.Sent[OpCode.Create2];
        var lost = Enumerable.Range(Answered, UnderWay).Select(number => CreateAsync(client, number)).ToArray();
        await UntilAsync("all are under way", () => wire.Sent[OpCode.Create2] == sent + UnderWay);
        server.Kill();

        foreach (var create in lost)
            Assert.Equal(RequestOutcome.Unknown, (await Assert.ThrowsAsync<ConnectionLossException>(() => create)).Outcome);
        await servers.RestartAsync(server);
        await client.SyncAsync();
        var made = new List<string>();
        foreach (var name in (await client.GetChildrenAsync("/made")).Names)
            made.Add(Text((await client.GetAsync($"/made/{name}")).Data));
        Assert.Equal(made.Distinct(), made);
        Assert.Empty(Enumerable.Range(0, Answered).Select(number => $"{number}").Except(made));
    }

    [Theory]
    [EachServer]
    public async Task Places_in_queues_are_found_again_after_the_server_was_killed_none_is_doubled_and_none_is_left(ServerKind kind)
    {
        await using var servers = await MortalServers.StartAsync(kind);
        await using var witness = await ZooKeeperClient.ConnectAsync(servers.Addresses);
        await witness.CreateAsync("/locks");
        for (var number = 0; number < Locks; number++)
            await witness.CreateAsync($"/locks/{number}");
        foreach (var isCarriedOut in (bool[])[false, true])
        {
            var wire = new FaultyWire();
            var client = await ZooKeeperClient.ConnectAsync(wire.For(servers.Addresses));
            var server = isCarriedOut
                ? await KillWhenCarriedOutAsync(servers, wire, client, witness)
                : await KillUnreadAsync(servers, wire, client);
            var places = _places;
            await servers.RestartAsync(server);
            var firsts = await Task.WhenAll(places.Take(Locks)).WaitAsync(Patience);
            Assert.Equal(firsts.Length + 1, await CountAsync(witness, client.Session!.Id));
            Assert.All(firsts, first => Assert.False(first.IsLost));
            Assert.False(places[^1].IsCompleted);
            await firsts[0].DisposeAsync();
            await using var second = await places[^1].WaitAsync(Patience);
            await client.DisposeAsync();
            Assert.Equal(0, await CountAsync(witness, client.Session?.Id));
        }
    }

    private Task<LockHandle>[] _places = [];

    // Each lock once, and the first once more.
    private void Queue(ZooKeeperClient client) => _places =
        [.. Enumerable.Range(0, Locks).Append(0).Select(number => new DistributedLock(client, $"/locks/{number}").AcquireAsync().AsTask())];

    private async Task<ServerProcess> KillUnreadAsync(MortalServers servers, FaultyWire wire, ZooKeeperClient client)
    {
        var server = servers.Suspend(client);
        Queue(client);
        await UntilAsync("all are under way", () => wire.Sent.GetValueOrDefault(OpCode.Create2) == Locks + 1);
        server.Kill();
        return server;
    }

    private async Task<ServerProcess> KillWhenCarriedOutAsync(
        MortalServers servers, FaultyWire wire, ZooKeeperClient client, ZooKeeperClient witness)
    {
        using var isKilled = new ManualResetEventSlim();
        var server = servers.ServerOf(client);
        wire.Deliver = (kind, frame) =>
        {
            if (kind != OpCode.Create2)
                return frame;
            isKilled.Wait();
            return null;
        };
        Queue(client);
        await Deadline.UntilAsync(
            Patience, "all places are there", async () => await CountAsync(witness, client.Session!.Id) == Locks + 1);
        server.Kill();
        wire.Deliver = static (_, frame) => frame;
        isKilled.Set();
        return server;
    }

    private static async Task CreateAsync(ZooKeeperClient client, int number) =>
        await client.CreateAsync("/made/n-", Bytes($"{number}"), CreateMode.PersistentSequential);

    /// <summary>How many places there are; all of them must be of this session.</summary>
    private static async Task<int> CountAsync(ZooKeeperClient witness, long? session)
    {
        await witness.SyncAsync();
        var count = 0;
        for (var number = 0; number < Locks; number++)
        {
            foreach (var name in (await witness.GetChildrenAsync($"/locks/{number}")).Names)
            {
                if (await witness.ExistsAsync($"/locks/{number}/{name}") is not { } stat)
                    continue;
                Assert.Equal(session, stat.EphemeralOwner);
                count++;
            }
        }

        return count;
    }
}
