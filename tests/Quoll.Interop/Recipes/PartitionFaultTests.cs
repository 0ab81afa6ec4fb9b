using System.Globalization;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Members of a group that come, leave and die while answers and connections are lost. <c>QUOLL_PARTITION_STEPS</c> says how many
/// such things happen.</summary>
public sealed class PartitionFaultTests(RecipeServers servers)
{
    private const int Partitions = 300;
    private const int MaxMembers = 6;
    private static readonly OpCode[] Kinds =
        [OpCode.Multi, OpCode.SetData, OpCode.Create2, OpCode.GetData, OpCode.GetChildren2, OpCode.Sync, OpCode.Delete];

    private readonly Workers _workers = new();
    private readonly List<(ZooKeeperClient Client, FaultyWire Wire, PartitionMember Member)> _members = [];

    [Theory]
    [EachServer]
    public async Task No_partition_has_two_owners_whatever_befalls_them_and_in_the_end_all_are_shared_out(ServerKind kind)
    {
        var steps = int.Parse(Environment.GetEnvironmentVariable("QUOLL_PARTITION_STEPS") ?? "25", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("QUOLL_PARTITION_SEED") ?? "1", CultureInfo.InvariantCulture);
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind) + root;
        await using var watching = await servers.ConnectAsync(kind, root);
        var group = new PartitionGroup(watching, "/work", Partitions);
        var random = new Random(seed);
        for (var step = 0; step < steps; step++)
        {
            await DoAsync(random, addresses, step);
            Assert.True(_workers.Wrongs.Count == 0, $"seed {seed}, step {step}: {string.Join("; ", _workers.Wrongs)}");
        }

        if (_members.Count == 0)
            await JoinAsync(addresses, "last");
        await Deadline.UntilAsync(
            Patience, "all partitions are owned and worked on",
            async () => _workers.Count == Partitions
                && (await group.GetOwnersAsync()) is var owners && owners.Count == _members.Count
                && owners.Sum(owner => owner.Partitions.Count) == Partitions
                && owners.Max(owner => owner.Partitions.Count) - owners.Min(owner => owner.Partitions.Count) <= 1,
            () => $"seed {seed}: {_workers.Count} are worked on");
        foreach (var (client, _, member) in _members)
        {
            await member.DisposeAsync();
            await client.DisposeAsync();
        }

        Assert.Empty(_workers.Wrongs);
        TestContext.Current.TestOutputHelper?.WriteLine($"{steps} steps, {_workers.Taken} partitions taken");
    }

    private async Task DoAsync(Random random, string addresses, int step)
    {
        if (_members.Count == 0 || (_members.Count < MaxMembers && random.Next(3) == 0))
        {
            await JoinAsync(addresses, $"{step}");
            return;
        }

        var place = random.Next(_members.Count);
        var (client, wire, member) = _members[place];
        switch (random.Next(6))
        {
            case 0:
                await member.DisposeAsync();
                await client.DisposeAsync();
                _members.RemoveAt(place);
                break;
            case 1:
                await client.DisposeAsync();
                _members.RemoveAt(place);
                break;
            case 2:
                if (client.Session is not null)
                    await _workers.EndSessionAsync(client);
                break;
            case 3:
                wire.Cut();
                await JoinAsync(addresses, $"{step}");
                wire.Mend();
                break;
            default:
                wire.LoseNextAnswerTo(Kinds[random.Next(Kinds.Length)]);
                break;
        }
    }

    private async Task JoinAsync(string addresses, string id)
    {
        var wire = new FaultyWire();
        var client = await ZooKeeperClient.ConnectAsync(wire.For(addresses));
        var member = await new PartitionGroup(client, "/work", Partitions).JoinAsync(id);
        _members.Add((client, wire, member));
        _ = _workers.WorkAsync(member);
    }
}
