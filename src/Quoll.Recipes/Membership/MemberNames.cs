using System.Text;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Membership;

/// <summary>How a member's znode is written and read: as Curator's members, named by their id, or as kazoo's, which have the id as their
/// data.</summary>
internal static class MemberNames
{
    private const string Party = "__party__";

    public static string NewName(NameStyle style, string id) => style == NameStyle.Kazoo ? $"{Ids.New():N}{Party}" : id;

    public static GroupMember Read(string path, ReadOnlyMemory<byte> data, Protocol.Records.Stat stat)
    {
        var name = ZnodePaths.NameOf(path);
        var since = DateTimeOffset.FromUnixTimeMilliseconds(stat.Ctime);
        return name.EndsWith(Party, StringComparison.Ordinal)
            ? new GroupMember(Encoding.UTF8.GetString(data.Span), default, path, stat.EphemeralOwner, since)
            : new GroupMember(name, data, path, stat.EphemeralOwner, since);
    }

    public static GroupMember Read(CachedZnode znode) => Read(znode.Path, znode.Data, znode.Stat);
}
