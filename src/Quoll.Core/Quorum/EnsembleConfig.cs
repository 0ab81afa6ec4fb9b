using System.Globalization;
using System.Text;

namespace Quoll.Core.Quorum;

/// <summary>Who is in the ensemble, and which of its servers are a quorum.</summary>
public sealed class EnsembleConfig
{
    /// <summary>More voters than anybody has; it bounds what a step looks through.</summary>
    private const int MostVoters = 64;

    private readonly IReadOnlyDictionary<long, long> _groups;
    private readonly IReadOnlyDictionary<long, long> _weights;

    /// <exception cref="ArgumentException">These members can't be an ensemble; the message says why.</exception>
    public EnsembleConfig(
        IEnumerable<Member> members, IReadOnlyDictionary<long, long>? groups = null, IReadOnlyDictionary<long, long>? weights = null,
        long version = 0)
    {
        Members = members.ToDictionary(member => member.Id);
        Voters = Members.Values.Where(member => !member.IsObserver).Select(member => member.Id).ToHashSet();
        Version = version;
        _groups = groups ?? new Dictionary<long, long>();
        _weights = weights ?? new Dictionary<long, long>();
        if (Voters.Count is 0 or > MostVoters)
            throw new ArgumentException($"an ensemble has from 1 to {MostVoters} participants, and here are {Voters.Count}");
        var isGrouped = _groups.Count + _weights.Count > 0;
        foreach (var stranger in _groups.Keys.Concat(_weights.Keys).Where(id => !Voters.Contains(id)))
            throw new ArgumentException($"server {stranger} is in a group or has a weight, and is no participant");
        foreach (var outside in Voters.Where(id => isGrouped && !_groups.ContainsKey(id)))
            throw new ArgumentException($"server {outside} is a participant and in no group, though there are groups or weights");
        if (isGrouped)
            _weights = Voters.ToDictionary(id => id, id => _weights.GetValueOrDefault(id, 1));
        Verifier = isGrouped ? new Hierarchical(_groups, _weights) : new Majority(Voters);
    }

    public IReadOnlyDictionary<long, Member> Members { get; }

    /// <summary>The numbers of the participants.</summary>
    public IReadOnlySet<long> Voters { get; }

    /// <summary>The zxid of the change that made it so; 0 for one read from a file.</summary>
    public long Version { get; }

    internal QuorumVerifier Verifier { get; }

    /// <summary>The text that servers tell each other, and that <c>/zookeeper/config</c> has.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (id, member) in Members.OrderBy(entry => entry.Key))
            text.Append(CultureInfo.InvariantCulture, $"server.{id}={member}\n");
        foreach (var group in _groups.GroupBy(entry => entry.Value, entry => entry.Key).OrderBy(group => group.Key))
            text.Append(CultureInfo.InvariantCulture, $"group.{group.Key}={string.Join(':', group.Order())}\n");
        foreach (var (id, weight) in _weights.OrderBy(entry => entry.Key))
            text.Append(CultureInfo.InvariantCulture, $"weight.{id}={weight}\n");
        return text.Append(CultureInfo.InvariantCulture, $"version={Version:x}").ToString();
    }
}
