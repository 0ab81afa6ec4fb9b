using Quoll.Protocol.Records;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// What one reader of a <see cref="TreeCache"/> was told, put together again; and whether each change can follow what was told before.
/// </summary>
internal sealed class ToldTree(Simulation simulation, string reader)
{
    private readonly Dictionary<string, CachedZnode> _there = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stat> _last = new(StringComparer.Ordinal);

    /// <summary>Whether the last word was that all of this is so.</summary>
    public bool IsFresh { get; private set; }

    public IReadOnlyDictionary<string, CachedZnode> There => _there;

    public void Take(TreeChange change)
    {
        switch (change.Kind)
        {
            case TreeChangeKind.Fresh or TreeChangeKind.Stale:
                Expect(IsFresh != (change.Kind == TreeChangeKind.Fresh), change, "and that was told before");
                IsFresh = change.Kind == TreeChangeKind.Fresh;
                break;
            case TreeChangeKind.Added:
                Expect(!_there.ContainsKey(change.Path), change, "and it is there");
                Expect(_there.Count == 0 || _there.ContainsKey(ParentOf(change.Path)), change, "and what is above it is not there");
                Expect(IsNewer(change), change, "and a later one was there before");
                Put(change.Path, change.New!);
                break;
            case TreeChangeKind.Updated:
                Expect(IsAsTold(change), change, "and it was another");
                Expect(IsNewer(change), change, "and it was newer before");
                Put(change.Path, change.New!);
                break;
            default:
                Expect(IsAsTold(change), change, "and it was another");
                Expect(!_there.Keys.Any(path => ParentOf(path) == change.Path), change, "and there is something below it");
                _there.Remove(change.Path);
                break;
        }
    }

    private static string ParentOf(string path) => path[..Math.Max(path.LastIndexOf('/'), 1)];

    private void Put(string path, CachedZnode znode) => (_there[path], _last[path]) = (znode, znode.Stat);

    private bool IsAsTold(TreeChange change) =>
        _there.TryGetValue(change.Path, out var told) && change.Old is { } old && told.Stat.Mzxid == old.Stat.Mzxid;

    private bool IsNewer(TreeChange change)
    {
        if (!_last.TryGetValue(change.Path, out var last))
            return true;
        var next = change.New!.Stat;
        return change.Kind == TreeChangeKind.Added ? next.Czxid > last.Czxid : next.Mzxid > last.Mzxid;
    }

    private void Expect(bool isSo, TreeChange change, string otherwise)
    {
        if (!isSo)
            simulation.Complain($"{reader} is told {change.Kind} of {change.Path}, {otherwise}");
    }
}
