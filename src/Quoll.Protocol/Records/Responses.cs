using Quoll.Protocol.Jute;

namespace Quoll.Protocol.Records;

/// <summary>The answer to a <see cref="ConnectRequest"/>; a trailing <c>readOnly</c> byte goes only to clients that sent one.</summary>
[JuteRecord] public readonly ref partial struct ConnectResponse(int protocolVersion, int timeout, long sessionId, JuteBytes password);

[JuteRecord] public readonly partial record struct ReplyHeader(int Xid, long Zxid, int Error);
[JuteRecord] public readonly ref partial struct CreateResponse(JuteBytes path);
[JuteRecord] public readonly ref partial struct Create2Response(JuteBytes path, Stat stat);
[JuteRecord] public readonly ref partial struct GetDataResponse(JuteBytes data, Stat stat);
[JuteRecord] public readonly ref partial struct GetAclResponse(JuteVector<Acl> acl, Stat stat);
[JuteRecord] public readonly ref partial struct GetChildrenResponse(JuteVector<JuteBytes> children);
[JuteRecord] public readonly ref partial struct GetChildren2Response(JuteVector<JuteBytes> children, Stat stat);
[JuteRecord] public readonly ref partial struct SyncResponse(JuteBytes path);
[JuteRecord] public readonly ref partial struct GetEphemeralsResponse(JuteVector<JuteBytes> ephemerals);
[JuteRecord] public readonly partial record struct GetAllChildrenNumberResponse(int Number);
[JuteRecord] public readonly ref partial struct WhoAmIResponse(JuteVector<ClientInfo> clients);
[JuteRecord] public readonly ref partial struct SaslResponse(JuteBytes token);
[JuteRecord] public readonly partial record struct ErrorResponse(int Error);
[JuteRecord] public readonly ref partial struct WatcherEvent(int type, int state, JuteBytes path);
