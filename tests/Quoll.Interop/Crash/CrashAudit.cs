using System.Globalization;
using System.Net;

namespace Quoll.Interop.Crash;

/// <summary>Compares a server that has come back with what its earlier lives have acknowledged.</summary>
internal static class CrashAudit
{
    // Reads in flight at once: enough to be quick, few enough that neither side's buffers fill.
    private const int Batch = 200;

    public static async Task RunAsync(IPEndPoint at, RawSession session, Ledger ledger)
    {
        // The server that is asked need not be the one that has said yes.
        Assert.Equal(0, (await session.SyncAsync()).Error);

        // First, before a session could expire.
        await CheckEphemeralsAsync(at, session, ledger);
        await CheckZxidsGoOnAsync(session, ledger);
        await CheckCreatedAsync(session, ledger);
        await CheckDeletedAsync(session, ledger);
        await CheckCountersAsync(session, ledger);
        await CheckPairsAsync(session);
        await CheckSequenceAsync(session);
        await CheckZxidsAreDistinctAsync(session);
    }

    // The sessions lived when the server died: they are there with what is theirs, and go when they close.
    private static async Task CheckEphemeralsAsync(IPEndPoint at, RawSession session, Ledger ledger)
    {
        foreach (var (path, owner) in ledger.Ephemerals)
        {
            var state = await session.GetAsync(path);
            Assert.True(state is not null, $"{path} is gone, and its session 0x{owner.Id:x} was not closed");
            Assert.Equal(ledger.Created[path], state.CreatedAt);
            using var back = await RawSession.ResumeAsync(at, owner);
            Assert.Equal(owner.Id, back.Id);
            ledger.ExpectDeletion(path);
            var closed = await back.CloseAsync();
            Assert.Equal(0, closed.Error);
            ledger.NoteDeleted(path, closed.Zxid);
        }

        ledger.Ephemerals.Clear();
    }

    private static async Task CheckZxidsGoOnAsync(RawSession session, Ledger ledger)
    {
        var reply = await session.SetAsync("/crash", "back", -1);
        Assert.Equal(0, reply.Error);
        Assert.True(reply.Zxid > ledger.HighestZxid, $"zxid {reply.Zxid:x} after {ledger.HighestZxid:x} was acknowledged");
        var crash = await session.GetAsync("/crash");
        Assert.Equal(reply.Zxid, crash!.ModifiedAt);
    }

    private static async Task CheckCreatedAsync(RawSession session, Ledger ledger)
    {
        foreach (var (path, state) in await ReadAsync(session, ledger.Created.Keys))
        {
            Assert.True(state is not null, $"{path} was acknowledged and is gone");
            Assert.True(
                state.CreatedAt == ledger.Created[path], $"{path} was created at {ledger.Created[path]:x}, now {state.CreatedAt:x}");
        }
    }

    private static async Task CheckDeletedAsync(RawSession session, Ledger ledger)
    {
        foreach (var (path, state) in await ReadAsync(session, ledger.Deleted))
            Assert.True(state is null, $"{path} was deleted, acknowledged, and is back");
    }

    private static async Task CheckCountersAsync(RawSession session, Ledger ledger)
    {
        foreach (var (path, state) in await ReadAsync(session, ledger.Counters.Keys))
        {
            var (value, zxid) = ledger.Counters[path];
            Assert.Equal(state!.Version.ToString(CultureInfo.InvariantCulture), state.Data);
            Assert.True(state.Version >= value, $"{path} was {value}, acknowledged, and is {state.Version}");
            Assert.True(state.ModifiedAt >= zxid, $"{path} was set at {zxid:x} and is of {state.ModifiedAt:x}");
            Assert.Equal(state.Version == value, state.ModifiedAt == zxid);
        }
    }

    private static async Task CheckPairsAsync(RawSession session)
    {
        var names = await session.ChildrenAsync(Loader.Pairs);
        var states = await ReadAsync(session, names.Select(name => $"{Loader.Pairs}/{name}"));
        var halves = states.GroupBy(node => node.Path[$"{Loader.Pairs}/a".Length..]);
        foreach (var pair in halves)
        {
            Assert.True(pair.Count() == 2, $"half of the pair {pair.Key} is there");
            Assert.Single(pair.Select(node => node.State!.CreatedAt).Distinct());
        }
    }

    private static async Task CheckSequenceAsync(RawSession session)
    {
        var names = await session.ChildrenAsync(Loader.Sequential);
        Array.Sort(names, StringComparer.Ordinal);
        var last = 0L;
        foreach (var (path, state) in await ReadAsync(session, names.Select(name => $"{Loader.Sequential}/{name}")))
        {
            Assert.True(state!.CreatedAt > last, $"{path} is of {state.CreatedAt:x}, the one before it of {last:x}");
            last = state.CreatedAt;
        }
    }

    // Only the two halves of a pair share one. What nobody was told of counts too.
    private static async Task CheckZxidsAreDistinctAsync(RawSession session)
    {
        var owners = new Dictionary<long, string>();
        foreach (var parent in (string[])[Loader.Singles, Loader.Sequential, Loader.Pairs])
        {
            var names = await session.ChildrenAsync(parent);
            foreach (var (path, state) in await ReadAsync(session, names.Select(name => $"{parent}/{name}")))
            {
                var owner = parent == Loader.Pairs ? path[$"{parent}/a".Length..] : path;
                Assert.True(
                    owners.TryAdd(state!.CreatedAt, owner) || owners[state.CreatedAt] == owner,
                    $"{path} and {owners[state.CreatedAt]} are both of {state.CreatedAt:x}");
            }
        }

        var counters = (await session.ChildrenAsync("/crash")).Where(name => name.StartsWith("counter-", StringComparison.Ordinal));
        foreach (var (path, state) in await ReadAsync(session, counters.Select(name => $"/crash/{name}")))
            Assert.True(owners.TryAdd(state!.ModifiedAt, path), $"{path} and {owners[state.ModifiedAt]} are both of {state.ModifiedAt:x}");
    }

    private static async Task<List<(string Path, ZnodeState? State)>> ReadAsync(RawSession session, IEnumerable<string> paths)
    {
        var read = new List<(string, ZnodeState?)>();
        foreach (var batch in paths.Chunk(Batch))
        {
            var states = await Task.WhenAll(batch.Select(session.GetAsync));
            read.AddRange(batch.Zip(states));
        }

        return read;
    }
}
