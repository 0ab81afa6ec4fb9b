using Quoll.Protocol.Jute;

namespace Quoll.Protocol.Records;

/// <summary>Who an ACL entry or a connection is: a scheme and a name within it.</summary>
[JuteRecord] public readonly ref partial struct Id(JuteBytes scheme, JuteBytes name);

/// <summary>What one identity may do.</summary>
[JuteRecord] public readonly ref partial struct Acl(int perms, Id id);

/// <summary>What a client sees of a znode. Times are milliseconds since 1970, by the leader's clock.</summary>
[JuteRecord]
public readonly partial record struct Stat(
    long Czxid, long Mzxid, long Ctime, long Mtime, int Version, int Cversion, int Aversion,
    long EphemeralOwner, int DataLength, int NumChildren, long Pzxid);

/// <summary>What a snapshot keeps of a znode's stat. Cversion here counts creations only.</summary>
[JuteRecord]
public readonly partial record struct StatPersisted(
    long Czxid, long Mzxid, long Ctime, long Mtime, int Version, int Cversion, int Aversion,
    long EphemeralOwner, long Pzxid);

/// <summary>An identity as <c>whoAmI</c> tells it.</summary>
[JuteRecord] public readonly ref partial struct ClientInfo(JuteBytes authScheme, JuteBytes user);
