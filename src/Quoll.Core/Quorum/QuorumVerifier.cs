namespace Quoll.Core.Quorum;

/// <summary>Says which sets of voters are quorums: any two of them share a member.</summary>
internal abstract class QuorumVerifier
{
    /// <summary>True if these servers, each named once, are or contain a quorum. Servers that do not vote count for nothing.</summary>
    public abstract bool IsQuorum(ReadOnlySpan<long> servers);

    /// <summary>0 for a voter that can't be elected and adds nothing.</summary>
    public virtual long WeightOf(long server) => 1;
}

/// <summary>More than half of the voters (<c>QuorumMaj</c>).</summary>
internal sealed class Majority(IReadOnlySet<long> voters) : QuorumVerifier
{
    public override bool IsQuorum(ReadOnlySpan<long> servers)
    {
        var count = 0;
        foreach (var server in servers)
        {
            if (voters.Contains(server))
                count++;
        }

        return count > voters.Count / 2;
    }
}

/// <summary>
/// More than half of the weight in more than half of the groups that have any (<c>QuorumHierarchical</c>). A voter in no group, and
/// a group without weight, count for nothing.
/// </summary>
/// <param name="groups">The group of each voter.</param>
/// <param name="weights">The weight of each voter; 1 where it is not told.</param>
internal sealed class Hierarchical(IReadOnlyDictionary<long, long> groups, IReadOnlyDictionary<long, long> weights) : QuorumVerifier
{
    private readonly Dictionary<long, long> _groupWeights = groups
        .GroupBy(entry => entry.Value, entry => weights.GetValueOrDefault(entry.Key, 1))
        .Where(group => group.Sum() > 0)
        .ToDictionary(group => group.Key, group => group.Sum());

    public override long WeightOf(long server) => weights.GetValueOrDefault(server, 1);

    public override bool IsQuorum(ReadOnlySpan<long> servers)
    {
        var won = 0;
        foreach (var (group, weight) in _groupWeights)
        {
            var sum = 0L;
            foreach (var server in servers)
            {
                if (groups.TryGetValue(server, out var of) && of == group)
                    sum += WeightOf(server);
            }

            if (sum > weight / 2)
                won++;
        }

        return won > _groupWeights.Count / 2;
    }
}
