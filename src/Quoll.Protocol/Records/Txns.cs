using Quoll.Protocol.Jute;

namespace Quoll.Protocol.Records;

/// <summary>Stands before every logged transaction. Time is the leader's wall clock, in milliseconds since 1970.</summary>
[JuteRecord] public readonly partial record struct TxnHeader(long ClientId, int Cxid, long Zxid, long Time, int Type);

/// <summary>The digest of the whole tree after the transaction; may be absent.</summary>
[JuteRecord] public readonly partial record struct TxnDigest(int Version, long TreeDigest);

/// <summary>The body of create and create2; <c>parentCVersion</c> is the parent's creation counter afterwards, -1 for "one more".</summary>
[JuteRecord]
public readonly ref partial struct CreateTxn(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, bool ephemeral, int parentCVersion);

/// <summary>The body of create in logs of 3.4 and older, which do not tell the parent's counter.</summary>
[JuteRecord] public readonly ref partial struct CreateTxnV0(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, bool ephemeral);

[JuteRecord] public readonly ref partial struct CreateContainerTxn(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, int parentCVersion);

[JuteRecord]
public readonly ref partial struct CreateTtlTxn(JuteBytes path, JuteBytes data, JuteVector<Acl> acl, int parentCVersion, long ttl);

[JuteRecord] public readonly ref partial struct DeleteTxn(JuteBytes path);

/// <summary>Version is the new one.</summary>
[JuteRecord] public readonly ref partial struct SetDataTxn(JuteBytes path, JuteBytes data, int version);

/// <summary>Version is the new aversion.</summary>
[JuteRecord] public readonly ref partial struct SetAclTxn(JuteBytes path, JuteVector<Acl> acl, int version);

/// <summary>Version is the checked one plus 1.</summary>
[JuteRecord] public readonly ref partial struct CheckVersionTxn(JuteBytes path, int version);

[JuteRecord] public readonly partial record struct CreateSessionTxn(int Timeout);
[JuteRecord] public readonly ref partial struct CloseSessionTxn(JuteVector<JuteBytes> pathsToDelete);
[JuteRecord] public readonly partial record struct ErrorTxn(int Error);

/// <summary>One part of a multi: a type and that type's body.</summary>
[JuteRecord] public readonly ref partial struct SubTxn(int type, JuteBytes body);

[JuteRecord] public readonly ref partial struct MultiTxn(JuteVector<SubTxn> txns);
