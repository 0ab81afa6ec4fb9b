namespace Quoll.Core.Tree;

/// <summary>
/// The znodes of each owner, chained through their branches: the ephemerals of a session, all containers, all TTL nodes.
/// Costs nothing for a znode without an owner.
/// </summary>
internal sealed class OwnedZnodes(DataTree tree, EphemeralOwner types)
{
    // TTL nodes differ in their owner field, yet are looked through together.
    private const long TtlGroup = -1;
    private readonly Dictionary<long, (int First, int Count)> _groups = [];

    /// <summary>Sessions that own ephemerals.</summary>
    public IEnumerable<long> Sessions => _groups.Keys.Where(key => key is not (EphemeralOwner.Container or TtlGroup));

    public int EphemeralCount { get; private set; }

    public int CountOf(long session) => _groups.GetValueOrDefault(session).Count;

    public int FirstEphemeral(long session) => _groups.GetValueOrDefault(session).First;

    public int FirstContainer => _groups.GetValueOrDefault(EphemeralOwner.Container).First;

    public int FirstTtl => _groups.GetValueOrDefault(TtlGroup).First;

    public void Add(int node, ref Branch branch)
    {
        var key = GroupOf(branch.EphemeralOwner);
        if (key == 0)
            return;
        var (first, count) = _groups.GetValueOrDefault(key);
        branch.NextOwned = first;
        branch.PreviousOwned = 0;
        if (first != 0)
            tree.BranchOf(first).PreviousOwned = node;
        _groups[key] = (node, count + 1);
        Count(key, 1);
    }

    public void Remove(ref Branch branch)
    {
        var key = GroupOf(branch.EphemeralOwner);
        if (key == 0)
            return;
        var (first, count) = _groups[key];
        if (branch.PreviousOwned != 0)
            tree.BranchOf(branch.PreviousOwned).NextOwned = branch.NextOwned;
        else
            first = branch.NextOwned;
        if (branch.NextOwned != 0)
            tree.BranchOf(branch.NextOwned).PreviousOwned = branch.PreviousOwned;
        if (count == 1)
            _groups.Remove(key);
        else
            _groups[key] = (first, count - 1);
        Count(key, -1);
    }

    private void Count(long key, int by)
    {
        if (key is not (EphemeralOwner.Container or TtlGroup))
            EphemeralCount += by;
    }

    private long GroupOf(long owner) => types.KindOf(owner) switch
    {
        OwnerKind.Persistent => 0,
        OwnerKind.Ttl => TtlGroup,
        _ => owner,
    };
}
