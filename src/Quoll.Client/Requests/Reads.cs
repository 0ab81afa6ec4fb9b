using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Requests;

internal sealed class GetRequest(string root, string path) : OptionalRequest<Znode>(OpCode.GetData, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WriteRead(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader) => Result = Znode.Read(ref reader);
}

internal sealed class ExistsRequest(string root, string path) : OptionalRequest<Stat>(OpCode.Exists, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WriteRead(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader) => Result = Stat.Read(ref reader);
}

internal sealed class GetChildrenRequest(string root, string path) : OptionalRequest<ZnodeChildren>(OpCode.GetChildren2, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WriteRead(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var response = GetChildren2Response.Read(ref reader);
        Result = new ZnodeChildren(Bodies.Texts(response.Children), response.Stat);
    }
}

internal sealed class GetAclRequest(string root, string path) : OptionalRequest<ZnodeAcl>(OpCode.GetAcl, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WritePath(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var response = GetAclResponse.Read(ref reader);
        Result = new ZnodeAcl(AclEntry.Decode(response.Acl), response.Stat);
    }
}

internal sealed class SyncRequest(string root, string path) : Request<bool>(OpCode.Sync, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WritePath(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader) => _ = SyncResponse.Read(ref reader);
}

internal sealed class GetEphemeralsRequest(string root, string path) : Request<string[]>(OpCode.GetEphemerals, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WritePath(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var paths = Bodies.Texts(GetEphemeralsResponse.Read(ref reader).Ephemerals);
        for (var i = 0; i < paths.Length; i++)
            paths[i] = Paths.Strip(Root, paths[i]);
        Result = paths;
    }
}

internal sealed class CountDescendantsRequest(string root, string path) : Request<int>(OpCode.GetAllChildrenNumber, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => Bodies.WritePath(ref writer, this, room);

    protected override void ReadBody(scoped ref JuteReader reader) => Result = GetAllChildrenNumberResponse.Read(ref reader).Number;
}

internal sealed class WhoAmIRequest() : Request<Identity[]>(OpCode.WhoAmI, "", null)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
    }

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var clients = WhoAmIResponse.Read(ref reader).Clients;
        var identities = new Identity[clients.Count];
        var at = 0;
        foreach (var client in clients)
            identities[at++] = new(client.AuthScheme.ToString(), client.User.ToString());
        Result = identities;
    }
}

internal sealed class AddWatchRequest(string root, string path, WatchMode mode) : Request<bool>(OpCode.AddWatch, root, path)
{
    /// <summary>The stream that begins when the server has set the watch.</summary>
    public required WatchSubscription Stream { get; init; }

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new Protocol.Records.AddWatchRequest(Paths.Encode(Root, Path!, room), (int)mode));
    }

    // The first event, before any that the server sends from now on.
    protected override void ReadBody(scoped ref JuteReader reader)
    {
        _ = ErrorResponse.Read(ref reader);
        Stream.Offer(new WatchEvent(WatchEventKind.Resync, Path!, -1, ResyncReason.Initial));
    }
}

/// <summary>Its path is the server's.</summary>
internal sealed class RemoveWatchesRequest(string path, WatcherType type) : Request<bool>(OpCode.RemoveWatches, "", path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new WatchesRequest(Paths.Encode("", Path!, room), (int)type));
    }

    protected override void ReadBody(scoped ref JuteReader reader)
    {
    }
}
