using System.Globalization;
using System.Text;

namespace Quoll.Recipes.Partitioning;

/// <summary>
/// Which member shall have which partitions: the number of partitions in the first line, then a line for each member. It says what is
/// wanted; who has what is said by the members.
/// </summary>
internal sealed class Assignment
{
    private readonly SortedDictionary<string, List<int>> _members;

    private Assignment(int partitions, SortedDictionary<string, List<int>> members) => (Partitions, _members) = (partitions, members);

    public int Partitions { get; }

    public IEnumerable<string> Members => _members.Keys;

    /// <summary>Nobody has anything.</summary>
    public static Assignment Empty(int partitions) => new(partitions, new(StringComparer.Ordinal));

    /// <summary>Reads one; null where it is none.</summary>
    public static Assignment? Parse(ReadOnlySpan<byte> bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var partitions))
            return null;
        var members = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        foreach (var line in lines.AsSpan(1))
        {
            // The name last: it may have spaces.
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || PartitionRanges.Parse(line[..space], partitions) is not { } owned)
                return null;
            if (!members.TryAdd(line[(space + 1)..], owned))
                return null;
        }

        return new Assignment(partitions, members);
    }

    public byte[] Write()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Partitions}\n");
        foreach (var (member, owned) in _members)
            text.Append(CultureInfo.InvariantCulture, $"{PartitionRanges.Write(owned)} {member}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public IReadOnlyList<int> Of(string member) => _members.TryGetValue(member, out var owned) ? owned : [];

    /// <summary>Whether it is about these members and no others.</summary>
    public bool IsFor(IReadOnlyCollection<string> members) => members.Count == _members.Count && members.All(_members.ContainsKey);

    /// <summary>
    /// The same for other members: everybody keeps what he has, as far as nobody has more than one partition more than another; what is
    /// over is given to those who have too little. Who comes with the id of one who has gone takes over what that one had.
    /// </summary>
    public Assignment For(IReadOnlyCollection<string> members)
    {
        var owned = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        foreach (var member in members)
            owned[member] = [];
        if (owned.Count == 0)
            return new Assignment(Partitions, owned);
        var heirs = MemberName.ById(members.Where(member => !_members.ContainsKey(member)));
        var isTaken = new bool[Partitions];
        foreach (var (member, partitions) in _members)
        {
            var heir = owned.ContainsKey(member) ? member : heirs.GetValueOrDefault(MemberName.IdOf(member));
            if (heir is null)
                continue;
            foreach (var partition in partitions.Where(partition => !isTaken[partition]))
            {
                isTaken[partition] = true;
                owned[heir].Add(partition);
            }
        }

        Balance(owned, isTaken);
        return new Assignment(Partitions, owned);
    }

    private void Balance(SortedDictionary<string, List<int>> owned, bool[] isTaken)
    {
        // Those who have most may have the one more that can't be shared out evenly: so the fewest partitions move.
        var (share, over) = Math.DivRem(Partitions, owned.Count);
        var byCount = owned.OrderByDescending(member => member.Value.Count).ThenBy(member => member.Key, StringComparer.Ordinal).ToArray();
        for (var i = 0; i < byCount.Length; i++)
        {
            var list = byCount[i].Value;
            list.Sort();
            var quota = share + (i < over ? 1 : 0);
            for (; list.Count > quota; list.RemoveAt(list.Count - 1))
                isTaken[list[^1]] = false;
        }

        var free = 0;
        for (var i = 0; i < byCount.Length; i++)
        {
            var list = byCount[i].Value;
            for (var quota = share + (i < over ? 1 : 0); list.Count < quota; free++)
            {
                if (!isTaken[free])
                    list.Add(free);
            }

            list.Sort();
        }
    }
}
