using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Cli.Shell;

/// <summary>ACLs as zkCli writes and reads them: <c>scheme:id:cdrwa</c>, with commas between.</summary>
internal static class AclText
{
    private static readonly (char Letter, Permissions Permission)[] Letters =
    [
        ('c', Permissions.Create), ('d', Permissions.Delete), ('r', Permissions.Read), ('w', Permissions.Write), ('a', Permissions.Admin),
    ];

    /// <exception cref="UsageException">It has another form.</exception>
    public static IReadOnlyList<AclEntry> Parse(string text) => [.. text.Split(',').Select(ParseEntry)];

    public static string Write(IEnumerable<AclEntry> entries) =>
        string.Join('\n', entries.Select(entry => $"'{entry.Scheme},'{entry.Id}\n: {Write(entry.Permissions)}"));

    /// <summary>As it is read.</summary>
    public static string Join(IEnumerable<AclEntry> entries) =>
        string.Join(',', entries.Select(entry => $"{entry.Scheme}:{entry.Id}:{Write(entry.Permissions)}"));

    public static string Write(Permissions permissions) =>
        new([.. Letters.Where(each => permissions.HasFlag(each.Permission)).Select(each => each.Letter)]);

    private static AclEntry ParseEntry(string text)
    {
        // Ids have colons of their own.
        var (first, last) = (text.IndexOf(':', StringComparison.Ordinal), text.LastIndexOf(':'));
        if (first < 0 || first == last)
            throw new UsageException($"{text} does not have the form scheme:id:perm");
        var permissions = Permissions.None;
        foreach (var letter in text[(last + 1)..])
        {
            var found = Letters.FirstOrDefault(each => each.Letter == letter);
            if (found.Permission == Permissions.None)
                throw new UsageException($"Unknown perm type: {letter} (there are {Write(Permissions.All)})");
            permissions |= found.Permission;
        }

        return new AclEntry(permissions, text[..first], text[(first + 1)..last]);
    }
}
