using Quoll.Core.Tree;

namespace Quoll.Core.Requests;

/// <summary>
/// Looks now and then for containers whose last child is gone and TTL nodes whose time is over, and has them removed one after the
/// other, slowly (<c>ContainerManager</c>). Each removal is checked again in its place among the transactions.
/// </summary>
internal sealed class ContainerReaper(Database database, LeaderRoute route)
{
    private readonly Queue<byte[]> _candidates = new();
    private Instant? _nextCheck;
    private Instant _nextRemoval;

    public void Advance(Instant now, long wallClock)
    {
        var options = database.Options;
        _nextCheck ??= now + options.ContainerCheckInterval;
        if (now >= _nextCheck && _candidates.Count == 0)
        {
            _nextCheck = now + options.ContainerCheckInterval;
            Collect(wallClock);
            _nextRemoval = now;
        }

        // An unlimited rate still leaves room for requests between two steps.
        var interval = options.ContainerMaxPerMinute <= 0 ? 0 : 60_000 / options.ContainerMaxPerMinute;
        for (var budget = 100; budget > 0 && now >= _nextRemoval && _candidates.TryDequeue(out var path); budget--)
        {
            route.DeleteContainer(path, wallClock);
            _nextRemoval += interval;
        }
    }

    private void Collect(long wallClock)
    {
        var tree = database.Tree;
        var neverUsed = database.Options.ContainerMaxNeverUsed;
        for (var node = tree.Owned.FirstContainer; node != 0; node = tree.BranchOf(node).NextOwned)
        {
            ref var branch = ref tree.BranchOf(node);
            var idle = branch.ChildCount == 0
                && (branch.Cversion > 0 || (neverUsed > 0 && wallClock - tree[node].Mtime > neverUsed));
            if (idle)
                _candidates.Enqueue(tree.PathOf(node).ToArray());
        }

        for (var node = tree.Owned.FirstTtl; node != 0; node = tree.BranchOf(node).NextOwned)
        {
            ref var branch = ref tree.BranchOf(node);
            var ttl = tree.OwnerTypes.TtlOf(branch.EphemeralOwner);
            if (branch.ChildCount == 0 && ttl > 0 && wallClock - tree[node].Mtime > ttl)
                _candidates.Enqueue(tree.PathOf(node).ToArray());
        }
    }
}
