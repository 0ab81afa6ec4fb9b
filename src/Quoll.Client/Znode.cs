using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client;

/// <summary>A znode as it was when it was read.</summary>
/// <param name="Data">Its data; empty also where the server has none at all.</param>
/// <param name="Stat">Its versions, zxids, times and owner.</param>
public readonly record struct Znode(byte[] Data, Stat Stat)
{
    /// <summary>The server has no data at all, which Java's clients read as null.</summary>
    public bool IsDataNull { get; init; }

    internal static Znode Read(scoped ref JuteReader reader)
    {
        var response = GetDataResponse.Read(ref reader);
        return new Znode(response.Data.ToArray() ?? [], response.Stat) { IsDataNull = response.Data.IsNull };
    }
}

/// <summary>The children of a znode as they were when they were read.</summary>
/// <param name="Names">The names, without the parent's path, in no order.</param>
/// <param name="Stat">The parent's stat.</param>
public readonly record struct ZnodeChildren(string[] Names, Stat Stat);

/// <summary>A znode that was created.</summary>
/// <param name="Path">Its path; that of a sequential znode ends in the number that it was given.</param>
/// <param name="Stat">Its stat. <see cref="Stat.Czxid"/> grows with every znode created anywhere in the ensemble, which makes it a
/// fencing token.</param>
public readonly record struct CreateResult(string Path, Stat Stat);

/// <summary>The ACL of a znode.</summary>
/// <param name="Entries">Who may do what.</param>
/// <param name="Stat">The znode's stat; <see cref="Stat.Aversion"/> is the ACL's version.</param>
public readonly record struct ZnodeAcl(AclEntry[] Entries, Stat Stat);
