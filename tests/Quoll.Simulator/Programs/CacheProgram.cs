using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes change a small tree, and each has caches of it, by one recursive watch or by many single ones, whose readers are sometimes
/// slow. What is told can follow what was told before; with nothing in the way the caches, and what was told of them, are what the tree is.
/// </summary>
internal sealed class CacheProgram(Simulation simulation) : IProgram
{
    private const string Root = "/tree";
    private const string Leaf = "/tree/a/x";
    private static readonly string[] Names = [Root, .. from name in "abc" from path in Below($"{Root}/{name}") select path];
    private readonly Dictionary<SimProcess, Cached> _cached = [];
    private int _next;
    private int _told;
    private int _stale;
    private bool _isQuiet;

    public Task RunAsync(SimProcess process, CancellationToken stop) =>
        process.RepeatAsync(token => CacheAsync(process, token, stop), stop);

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        var tree = new FinalTree(simulation);
        var there = tree.Below(Root);
        foreach (var (process, cached) in _cached)
        {
            if ((cached.Tree.IsFresh, cached.Told.IsFresh, cached.Leaf.IsFresh) is var fresh && fresh != (true, true, true))
                yield return $"caches of process {process.Number} are not fresh: (tree, told, leaf) is {fresh}";
            var wrong = there.Append(Leaf).Where(path => !IsCached(cached, path, tree.Value(path))).ToList();
            var count = cached.Told.There.Count;
            if (wrong.Count > 0 || count != there.Count || cached.Tree.Snapshot.Count != there.Count)
                yield return $"process {process.Number} has {count} of {there.Count} znodes, wrong: {string.Join(", ", wrong)}";
        }
    }

    public void Verify(FinalTree tree)
    {
        simulation.Say($"told {_told} changes, stale {_stale} times");
        if (_told < 100 || _stale == 0)
            simulation.Complain($"{_told} changes were told, and stale {_stale} times: that shows nothing");
    }

    private static string[] Below(string path) => [path, .. from name in "xyz" select $"{path}/{name}"];

    private static bool IsCached(Cached cached, string path, string? value)
    {
        var held = Text(cached.Tree.Snapshot.Find(path)?.Data);
        var told = Text(cached.Told.There.GetValueOrDefault(path)?.Data);
        return held == value && told == value && (path != Leaf || Text(cached.Leaf.Current) == value);
    }

    private static string? Text(Znode? znode) => znode is { } there ? Encoding.UTF8.GetString(there.Data) : null;

    private static string? Text(ReadOnlyMemory<byte>? data) => data is { } there ? Encoding.UTF8.GetString(there.Span) : null;

    private async Task CacheAsync(SimProcess process, CancellationToken token, CancellationToken stop)
    {
        var options = new TreeCacheOptions
        {
            UsesRecursiveWatch = simulation.Chance(0.5),
            MaxPendingChanges = simulation.Chance(0.3) ? 2 : 1000,
            MaxParallelReads = simulation.Random.Next(1, 10),
        };
        var tree = new TreeCache(process.Client, Root, options);
        var leaf = new ZnodeCache(process.Client, Leaf);
        var cached = new Cached(tree, leaf, new ToldTree(simulation, $"process {process.Number}"));
        _cached[process] = cached;
        var following = FollowAsync(process, cached);
        var looking = LookAsync(process, leaf);
        try
        {
            while (!_isQuiet)
                await ChangeAsync(process, token).ConfigureAwait(false);
            await process.PauseAsync(86_400_000_000, stop).ConfigureAwait(false);
        }
        finally
        {
            await tree.DisposeAsync().ConfigureAwait(false);
            await leaf.DisposeAsync().ConfigureAwait(false);
            await following.ConfigureAwait(false);
            await looking.ConfigureAwait(false);
        }
    }

    private async Task ChangeAsync(SimProcess process, CancellationToken token)
    {
        await process.PauseAsync(simulation.Between(100, 300_000), token).ConfigureAwait(false);
        var path = Names[simulation.Random.Next(Names.Length)];
        var data = Encoding.UTF8.GetBytes((_next++).ToString(CultureInfo.InvariantCulture));
        var mode = path.Length == Leaf.Length && simulation.Chance(0.3) ? CreateMode.Ephemeral : CreateMode.Persistent;
        try
        {
            if (simulation.Chance(0.5))
                await process.Client.CreateAsync(path, data, mode, token).ConfigureAwait(false);
            else if (simulation.Chance(0.6))
                await process.Client.SetAsync(path, data, -1, token).ConfigureAwait(false);
            else
                await process.Client.DeleteAsync(path, -1, token).ConfigureAwait(false);
        }
        catch (ZooKeeperException e) when (e.Outcome == RequestOutcome.Refused)
        {
            // As often as not it is there, or not, or not empty.
        }
    }

    private async Task FollowAsync(SimProcess process, Cached cached)
    {
        await foreach (var change in cached.Tree.ObserveAsync().ConfigureAwait(false))
        {
            _told++;
            _stale += change.Kind == TreeChangeKind.Stale ? 1 : 0;
            cached.Told.Take(change);
            if (simulation.Chance(0.05))
                await process.PauseAsync(simulation.Between(1_000, 2_000_000), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task LookAsync(SimProcess process, ZnodeCache leaf)
    {
        var last = 0L;
        await foreach (var znode in leaf.ObserveAsync().ConfigureAwait(false))
        {
            if (znode?.Stat.Mzxid < last)
                simulation.Complain($"process {process.Number} is told {znode.Value.Stat.Mzxid:x} of {Leaf} after {last:x}");
            last = znode?.Stat.Mzxid ?? last;
        }
    }

    private sealed record Cached(TreeCache Tree, ZnodeCache Leaf, ToldTree Told);
}
