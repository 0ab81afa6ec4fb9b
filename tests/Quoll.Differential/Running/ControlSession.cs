using System.Text;
using Quoll.Differential.Comparing;
using Quoll.Differential.Generation;
using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Running;

/// <summary>The server is not there, or does not even do what every sequence rests on.</summary>
public sealed class ServerUnusableException(string message) : Exception(message);

/// <summary>The versions in a node's Stat.</summary>
internal sealed record NodeVersions(int Data, int Children, int Acl);

/// <summary>The tester's own session: it has every identity of the sequences, makes the root, and clears up.</summary>
internal sealed class ControlSession(Side side, DifferentialOptions options)
{
    public const int Slot = -1;

    private static readonly Part[] WorldAll =
        [new IntPart("acls", 1), new IntPart("", 31), new TextPart("", "world"), new TextPart("", "anyone")];

    public async Task OpenAsync()
    {
        var lines = new List<Line>();
        await new Handshake(side, options.Patience).RunAsync(new ConnectOp(Slot, Attach.New, 0, KeepOld: false, Timeout: 40000), lines);
        if (side.Control.Connection is null)
        {
            var seen = string.Join("; ", lines.Select(line => line.Text));
            throw new ServerUnusableException($"{side.Name} ({side.Endpoint}) accepts no session: {seen}");
        }

        foreach (var credentials in Palette.Credentials)
            await AuthAsync(credentials);

        if (options.Super is { } super)
            await AuthAsync("super:" + super);
    }

    /// <summary>Makes the sequence's root; false when the name is taken.</summary>
    public async Task<bool> MakeRootAsync()
    {
        var made = await CreateAsync("~");
        if (made is not (0 or -110))
            throw new ServerUnusableException($"{side.Name} ({side.Endpoint}) does not let the tester create {side.Root}: error {made}");

        var (_, _, counted) = await AskAsync(Opcode.GetAllChildrenNumber, new TextPart("", "/"));
        side.BaseNodes = new WireReader(counted.AsSpan(Math.Min(16, counted.Length))).Int();
        var (_, zxid, _) = await AskAsync(Opcode.Ping);
        side.BaseZxid = zxid;
        return made == 0;
    }

    public async Task<int> CreateAsync(string path) =>
        (await AskAsync(Opcode.Create, [new TextPart("", path), new BytesPart("", []), .. WorldAll, new IntPart("", 0)])).Error;

    public async Task<int> DeleteAsync(string path) =>
        (await AskAsync(Opcode.Delete, new TextPart("", path), new IntPart("", -1))).Error;

    public async Task SetDataAsync(string path) =>
        await AskAsync(Opcode.SetData, new TextPart("", path), new BytesPart("", []), new IntPart("", -1));

    public async Task SetAclAsync(string path) =>
        await AskAsync(Opcode.SetAcl, [new TextPart("", path), .. WorldAll, new IntPart("", -1)]);

    public async Task<string[]> ChildrenAsync(string path)
    {
        var (error, _, payload) = await AskAsync(Opcode.GetChildren, new TextPart("", path), new BytePart("", 0));
        return error == 0 ? Names(payload) : [];
    }

    public async Task<NodeVersions> VersionsAsync(string path)
    {
        var (error, _, payload) = await AskAsync(Opcode.Exists, new TextPart("", path), new BytePart("", 0));
        var reader = new WireReader(payload.AsSpan(error == 0 ? 16 + 32 : payload.Length));
        return new NodeVersions(reader.Int(), reader.Int(), reader.Int());
    }

    /// <summary>Deletes a node and all below it, as far as the identities reach.</summary>
    public async Task DeleteTreeAsync(string path)
    {
        if (await DeleteAsync(path) is not (-111 or -102))
            return;

        await SetAclAsync(path);
        foreach (var child in await ChildrenAsync(path))
            await DeleteTreeAsync(path + "/" + child);

        await DeleteAsync(path);
    }

    /// <summary>Ends the sessions that are left, so that none expires during a later sequence.</summary>
    public async Task CloseLeftoversAsync()
    {
        foreach (var (id, password) in side.Opened.Where(s => s.Key != side.Control.SessionId).ToList())
        {
            var slot = new SlotState { SessionId = id, Password = password };
            side.Slots[0] = slot;
            var lines = new List<Line>();
            await new Handshake(side, options.Patience).RunAsync(new ConnectOp(0, Attach.Own, 0, KeepOld: false, Timeout: 30000), lines);
            if (slot.Connection is not null)
                await new SideRunner(side, options.Patience, options.Ensemble).RunAsync([RequestOp.Bare(0, 1, Opcode.CloseSession)]);
        }
    }

    public async Task CloseAsync()
    {
        if (side.Control.Connection is not null)
            await new SideRunner(side, options.Patience, ensemble: false).RunAsync([RequestOp.Bare(Slot, 1, Opcode.CloseSession)]);
    }

    public static string[] Names(byte[] reply)
    {
        var reader = new WireReader(reply.AsSpan(Math.Min(16, reply.Length)));
        var count = reader.Int();
        var names = new List<string>();
        for (var i = 0; i < count && !reader.Malformed; i++)
            names.Add(Encoding.UTF8.GetString(reader.Buffer() ?? []));

        names.Sort(StringComparer.Ordinal);
        return [.. names];
    }

    private async Task AuthAsync(string credentials) =>
        await AskAsync(Opcode.Auth, new IntPart("", 0), new TextPart("", "digest"), new BytesPart("", Encoding.UTF8.GetBytes(credentials)));

    private async Task<(int Error, long Zxid, byte[] Payload)> AskAsync(int type, params Part[] body)
    {
        var connection = side.Control.Connection ?? throw new ServerUnusableException($"{side.Name} closed the tester's session");
        await connection.SendAsync(new RequestOp(Slot, 0, type == Opcode.Ping ? Opcode.PingXid : 1, type, body).Encode(side));
        while (true)
        {
            var (arrival, payload) = await connection.ReadAsync(options.Patience);
            if (arrival != Arrival.Frame || payload.Length < 16)
                throw new ServerUnusableException($"{side.Name} ({side.Endpoint}) gave no answer to {Opcode.Name(type)}: {arrival}");

            var reader = new WireReader(payload);
            var (xid, zxid, error) = (reader.Int(), reader.Long(), reader.Int());
            if (xid != Opcode.NotificationXid)
                return (error, zxid, payload);
        }
    }
}
