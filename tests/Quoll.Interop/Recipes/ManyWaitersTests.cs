using System.Buffers.Binary;
using System.Diagnostics;
using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Protocol;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>Very many wait for one lock.</summary>
public sealed class ManyWaitersTests(RecipeServers servers)
{
    private const int Waiters = 10_000;
    private const int Sessions = 20;
    private const int Releases = 50;
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);
    private readonly List<ZooKeeperClient> _clients = [];
    private readonly List<FaultyWire> _wires = [];
    private int _events;

    [Theory]
    [EachServer]
    public async Task A_release_wakes_one_of_all_who_wait(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        var addresses = await servers.AddressesAsync(kind);
        await using var witness = await servers.ConnectAsync(kind, root);
        var watchesBefore = await WatchesAsync(addresses);
        for (var session = 0; session < Sessions; session++)
        {
            var wire = new FaultyWire { Deliver = CountEvents };
            _wires.Add(wire);
            _clients.Add(await ZooKeeperClient.ConnectAsync(
                wire.For(addresses + root) with { RequestTimeout = Bound, SessionTimeout = TimeSpan.FromSeconds(10) }));
        }

        var begun = Stopwatch.GetTimestamp();
        await using var first = await new DistributedLock(_clients[0], "/lock").AcquireAsync();
        using var stop = new CancellationTokenSource();
        var waiters = Enumerable.Range(1, Waiters - 1)
            .Select(number => new DistributedLock(_clients[number % Sessions], "/lock").AcquireAsync(stop.Token).AsTask()).ToList();
        await Deadline.UntilAsync(Bound, "all have asked", () => Task.FromResult(Sent(OpCode.GetData) >= Waiters - 1));
        await Deadline.UntilAsync(Bound, "all wait", async () => await WatchesAsync(addresses) - watchesBefore >= Waiters - 1);
        var queued = Stopwatch.GetElapsedTime(begun);
        Assert.Equal(Waiters, (await witness.GetChildrenAsync("/lock")).Names.Length);

        // One for each that waits; the holder and the next one have one on their own znodes, too.
        Assert.InRange(await WatchesAsync(addresses) - watchesBefore, Waiters - 1, Waiters + 1);
        Assert.Equal(0, _events);
        var lists = Sent(OpCode.GetChildren2);

        begun = Stopwatch.GetTimestamp();
        var held = first;
        for (var release = 0; release < Releases; release++)
        {
            await held.DisposeAsync();
            var next = await Task.WhenAny(waiters).WaitAsync(Patience, TestContext.Current.CancellationToken);
            waiters.Remove(next);
            var token = held.FencingToken;
            held = await next;
            Assert.True(held.FencingToken > token);
            Assert.DoesNotContain(waiters, waiter => waiter.IsCompleted);
        }

        // One event for the next, and one for the holder, whose own znode it was; the same one if both are of one session.
        Assert.InRange(_events, Releases, 2 * Releases);
        Assert.InRange(Sent(OpCode.GetChildren2) - lists, 0, Releases);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Waiters} queued within {queued.TotalSeconds:0.0} s with {lists} lists, {Releases} releases within "
            + $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.00} s with {_events} events");
        await Task.WhenAll(_clients.Select(client => client.DisposeAsync().AsTask()));
    }

    private int Sent(OpCode kind) => _wires.Sum(wire => wire.Sent.GetValueOrDefault(kind));

    private byte[] CountEvents(OpCode? kind, byte[] frame)
    {
        if (kind is null && BinaryPrimitives.ReadInt32BigEndian(frame) == ReservedXid.Notification)
            Interlocked.Increment(ref _events);
        return frame;
    }
}
