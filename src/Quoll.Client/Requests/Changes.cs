using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Requests;

internal sealed class CreateRequest(string root, string path, ReadOnlyMemory<byte> data, CreateOptions options)
    : OptionalRequest<CreateResult>(options.OpCode, root, path)
{
    private readonly byte[] _acl = options.Acl is null ? AclEntry.EncodedOpen : AclEntry.Encode(options.Acl);

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) =>
        Write(ref writer, Paths.Encode(Root, Path!, room), data.Span, _acl, options);

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var response = Create2Response.Read(ref reader);
        Result = new CreateResult(Paths.Strip(Root, response.Path.ToString()), response.Stat);
    }

    public static void Write(
        scoped ref JuteWriter writer, ReadOnlySpan<byte> path, ReadOnlySpan<byte> data, byte[] acl, in CreateOptions options)
    {
        var entries = new JuteVector<Acl>(options.Acl?.Count ?? 1, acl);
        var bytes = options.IsDataNull ? default : new JuteBytes(data);
        if (options.HasTtl)
            writer.Write(new CreateTtlRequest(path, bytes, entries, (int)options.Mode, (long)options.Ttl.TotalMilliseconds));
        else
            writer.Write(new Protocol.Records.CreateRequest(path, bytes, entries, (int)options.Mode));
    }
}

internal sealed class SetRequest(string root, string path, ReadOnlyMemory<byte> data, int version)
    : OptionalRequest<Stat>(OpCode.SetData, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new SetDataRequest(Paths.Encode(Root, Path!, room), data.Span, version));
    }

    protected override void ReadBody(scoped ref JuteReader reader) => Result = Stat.Read(ref reader);
}

/// <summary>True if the znode was deleted, false if it was missing and that is tolerated.</summary>
internal sealed class DeleteRequest(string root, string path, int version) : Request<bool>(OpCode.Delete, root, path)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new Protocol.Records.DeleteRequest(Paths.Encode(Root, Path!, room), version));
    }

    protected override void ReadBody(scoped ref JuteReader reader) => Result = true;
}

internal sealed class SetAclRequest(string root, string path, IReadOnlyList<AclEntry> acl, int version)
    : OptionalRequest<Stat>(OpCode.SetAcl, root, path)
{
    private readonly byte[] _acl = AclEntry.Encode(acl);

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new Protocol.Records.SetAclRequest(Paths.Encode(Root, Path!, room), new JuteVector<Acl>(acl.Count, _acl), version));
    }

    protected override void ReadBody(scoped ref JuteReader reader) => Result = Stat.Read(ref reader);
}

/// <summary>The answer is the configuration's znode, as it is from now on.</summary>
internal sealed class ReconfigureRequest(Reconfiguration change) : OptionalRequest<Znode>(OpCode.Reconfig, "", null)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        writer.Write(new ReconfigRequest(Join(change.Joining), Join(change.Leaving), Join(change.Members), change.Version));
    }

    protected override void ReadBody(scoped ref JuteReader reader) => Result = Znode.Read(ref reader);

    private static byte[]? Join<T>(IReadOnlyList<T> servers) =>
        servers.Count == 0 ? null : Encoding.UTF8.GetBytes(string.Join(',', servers));
}

internal sealed class CloseRequest() : Request<bool>(OpCode.CloseSession, "", null)
{
    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
    }

    protected override void ReadBody(scoped ref JuteReader reader)
    {
    }
}

/// <summary>Credentials for every connection from now on; the request ends when a server has taken them.</summary>
internal sealed class AddAuthRequest(Credential credential) : Request<bool>(OpCode.Auth, "", null)
{
    public Credential Credential => credential;

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room) => credential.Write(ref writer);

    protected override void ReadBody(scoped ref JuteReader reader)
    {
    }
}
