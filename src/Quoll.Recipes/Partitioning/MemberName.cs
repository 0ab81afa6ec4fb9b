namespace Quoll.Recipes.Partitioning;

/// <summary>The name of a member's znode: an id of its own, so that no other stay in the group has the same, and who it is.</summary>
internal static class MemberName
{
    public static string New(string id) => $"{Ids.New():N}-{id}";

    public static string IdOf(string name) => name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..];

    /// <summary>Names by who they are; of several of the same the first.</summary>
    public static Dictionary<string, string> ById(IEnumerable<string> names)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names.Order(StringComparer.Ordinal))
            found.TryAdd(IdOf(name), name);
        return found;
    }
}
