using Quoll.Protocol.Jute;

namespace Quoll.Protocol.Records;

/// <summary>The first frame of a connection; a trailing <c>readOnly</c> byte is optional and read apart.</summary>
[JuteRecord]
public readonly ref partial struct ConnectRequest(
    int protocolVersion, long lastZxidSeen, int timeout, long sessionId, JuteBytes password);

[JuteRecord] public readonly partial record struct RequestHeader(int Xid, int Type);
[JuteRecord] public readonly ref partial struct CreateRequest(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, int flags);
[JuteRecord] public readonly ref partial struct CreateTtlRequest(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, int flags, long ttl);
[JuteRecord] public readonly ref partial struct DeleteRequest(JuteBytes path, int version);
[JuteRecord] public readonly ref partial struct SetDataRequest(JuteBytes path, JuteBytes data, int version);
[JuteRecord] public readonly ref partial struct SetAclRequest(JuteBytes path, JuteVector<Acl> acl, int version);
[JuteRecord] public readonly ref partial struct CheckVersionRequest(JuteBytes path, int version);

/// <summary>The body of exists, getData, getChildren and getChildren2 alike.</summary>
[JuteRecord] public readonly ref partial struct ReadRequest(JuteBytes path, bool watch);

/// <summary>The body of getACL, sync, getEphemerals and getAllChildrenNumber alike.</summary>
[JuteRecord] public readonly ref partial struct PathRequest(JuteBytes path);

[JuteRecord]
public readonly ref partial struct SetWatchesRequest(
    long relativeZxid, JuteVector<JuteBytes> data, JuteVector<JuteBytes> exist, JuteVector<JuteBytes> child);

[JuteRecord]
public readonly ref partial struct SetWatches2Request(
    long relativeZxid, JuteVector<JuteBytes> data, JuteVector<JuteBytes> exist, JuteVector<JuteBytes> child,
    JuteVector<JuteBytes> persistent, JuteVector<JuteBytes> persistentRecursive);

/// <summary>The body of checkWatches and removeWatches.</summary>
[JuteRecord] public readonly ref partial struct WatchesRequest(JuteBytes path, int type);

[JuteRecord] public readonly ref partial struct AddWatchRequest(JuteBytes path, int mode);

/// <summary>Names of servers are separated by commas; null for what is not asked for.</summary>
[JuteRecord]
public readonly ref partial struct ReconfigRequest(
    JuteBytes joiningServers, JuteBytes leavingServers, JuteBytes newMembers, long curConfigId);

[JuteRecord] public readonly ref partial struct AuthPacket(int type, JuteBytes scheme, JuteBytes auth);
[JuteRecord] public readonly ref partial struct SaslRequest(JuteBytes token);

/// <summary>Stands before every operation of a multi, in requests and replies; <c>done</c> ends the list.</summary>
[JuteRecord] public readonly partial record struct MultiHeader(int Type, bool Done, int Error);
