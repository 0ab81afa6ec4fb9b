using Quoll.Core.Access;
using Quoll.Core.Tree;
using Quoll.Core.Watches;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>A request that changes nothing, with the identities that its connection had when it came.</summary>
internal readonly ref struct Read(Client client, int xid, OpCode op, Identity[] identities, ReadOnlySpan<byte> body)
{
    public Client Client { get; } = client;

    public int Xid { get; } = xid;

    public OpCode Op { get; } = op;

    public Identity[] Identities { get; } = identities;

    public ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>
/// Answers requests from the tree as it is. Paths are looked up literally. Nothing is allocated for the common ones: the reply is
/// written straight from the tree.
/// </summary>
internal sealed class Reads(Database database, AccessControl access, WatchManager watches, ClientLane lane)
{
    /// <summary>Where the error stands in a frame: after the length, the xid and the zxid.</summary>
    private const int ErrorOffset = 16;

    /// <summary>Longest answer, in bytes: far above what clients take, and far below what an array can hold.</summary>
    private const int LargestReply = 128 * 1024 * 1024;

    private readonly DataTree _tree = database.Tree;
    private readonly WatchRequests _watchRequests = new(database, watches);

    private long Zxid => database.LastProcessed.Value;

    public ErrorCode Answer(in Read read)
    {
        var mark = lane.Bytes.Length;
        var reader = new JuteReader(read.Body);
        var error = read.Op switch
        {
            OpCode.GetData => GetData(read, ref reader),
            OpCode.Exists => Exists(read, ref reader),
            OpCode.GetChildren or OpCode.GetChildren2 => GetChildren(read, ref reader),
            OpCode.GetAcl => GetAcl(read, ref reader),
            OpCode.GetAllChildrenNumber => GetAllChildrenNumber(read, ref reader),
            OpCode.GetEphemerals => GetEphemerals(read, ref reader),
            OpCode.WhoAmI => WhoAmI(read),
            OpCode.Sync => Sync(read, ref reader),
            OpCode.MultiRead => MultiRead(read),
            OpCode.AddWatch => AddWatch(read, ref reader),
            OpCode.SetWatches or OpCode.SetWatches2 or OpCode.CheckWatches or OpCode.RemoveWatches => WithoutBody(read, ref reader),
            OpCode.Ping => Ping(read),
            _ => throw new InvariantViolationException($"{read.Op} is not a read"),
        };
        if (error == ErrorCode.Ok)
            return error;
        Invariant.Holds(lane.Bytes.Length >= mark);
        lane.Reply(read.Client, read.Xid, Zxid, error);
        return error;
    }

    private ErrorCode Find(in Read read, JuteBytes path, bool malformed, Permissions wanted, out int node)
    {
        node = 0;
        if (malformed || path.IsNull)
            return ErrorCode.MarshallingError;
        node = _tree.Find(path.Span);
        if (node == 0)
            return ErrorCode.NoNode;
        return Allows(node, wanted, read.Identities) ? ErrorCode.Ok : ErrorCode.NoAuth;
    }

    private bool Allows(int node, Permissions wanted, Identity[] identities) =>
        access.Allows(_tree.Acls[_tree[node].Acl], wanted, identities);

    private ErrorCode GetData(in Read read, ref JuteReader reader)
    {
        var request = ReadRequest.Read(ref reader);
        var error = Find(read, request.Path, reader.Malformed, Permissions.Read, out var node);
        if (error != ErrorCode.Ok)
            return error;
        if (request.Watch)
            watches.Data.Add(request.Path.Span, read.Client, WatchModes.Standard);
        var writer = Begin(read);
        writer.Write(new GetDataResponse(DataOf(node), _tree.StatOf(node)));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode Exists(in Read read, ref JuteReader reader)
    {
        var request = ReadRequest.Read(ref reader);
        if (!reader.Malformed && request.Path.Span.Contains((byte)0))
            return ErrorCode.BadArguments;
        var error = Find(read, request.Path, reader.Malformed, Permissions.Read, out var node);
        if (request.Watch && error is ErrorCode.Ok or ErrorCode.NoNode)
            watches.Data.Add(request.Path.AsEchoed().Span, read.Client, WatchModes.Standard);
        if (error != ErrorCode.Ok)
            return error;
        var writer = Begin(read);
        writer.Write(_tree.StatOf(node));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode GetChildren(in Read read, ref JuteReader reader)
    {
        var request = ReadRequest.Read(ref reader);
        var error = Find(read, request.Path, reader.Malformed, Permissions.Read, out var node);
        if (error != ErrorCode.Ok)
            return error;
        if (request.Watch)
            watches.Children.Add(request.Path.Span, read.Client, WatchModes.Standard);
        var writer = Begin(read);
        WriteChildren(ref writer, node);
        if (writer.Written > LargestReply)
            return TooLarge();
        if (read.Op == OpCode.GetChildren2)
            writer.Write(_tree.StatOf(node));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode GetAcl(in Read read, ref JuteReader reader)
    {
        var request = PathRequest.Read(ref reader);
        var error = Find(read, request.Path, reader.Malformed, Permissions.Read | Permissions.Admin, out var node);
        if (error != ErrorCode.Ok)
            return error;
        var acl = _tree.Acls[_tree[node].Acl];
        if (!Allows(node, Permissions.Admin, read.Identities))
            acl = new AclList(AccessControl.Redact(acl.Entries));
        var writer = Begin(read);
        writer.Write(new GetAclResponse(acl.Vector, _tree.StatOf(node)));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode GetAllChildrenNumber(in Read read, ref JuteReader reader)
    {
        var request = PathRequest.Read(ref reader);
        var error = Find(read, request.Path, reader.Malformed, Permissions.Read, out var node);
        if (error != ErrorCode.Ok)
            return error;
        var writer = Begin(read);
        // Below the root's other name, the empty one, the root itself is counted.
        var number = request.Path.Length == 0 ? _tree.Count : node == DataTree.Root ? _tree.Count - 1 : _tree.CountBelow(node);
        writer.Write(new GetAllChildrenNumberResponse(number));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode GetEphemerals(in Read read, ref JuteReader reader)
    {
        var prefix = PathRequest.Read(ref reader).Path;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        var trimmed = TrimAsJava(prefix.Span);
        var all = trimmed.IsEmpty || trimmed.SequenceEqual("/"u8);
        var writer = Begin(read);
        writer.WriteInt(0);
        writer.Commit();
        var countAt = lane.Bytes.Length - 4;
        var count = 0;
        for (var node = _tree.Owned.FirstEphemeral(read.Client.SessionId); node != 0; node = _tree.BranchOf(node).NextOwned)
        {
            var path = _tree.PathOf(node);
            if (!all && !path.StartsWith(prefix.Span))
                continue;
            writer.WriteBytes(path);
            count++;
            if (writer.Written > LargestReply)
                return TooLarge();
        }

        writer.Commit();
        lane.Bytes.Patch(countAt, count);
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    // Java's String.trim takes whatever is not above a space for one.
    private static ReadOnlySpan<byte> TrimAsJava(ReadOnlySpan<byte> text)
    {
        var first = text.IndexOfAnyExceptInRange((byte)0, (byte)' ');
        return first < 0 ? default : text[first..(text.LastIndexOfAnyExceptInRange((byte)0, (byte)' ') + 1)];
    }

    private ErrorCode WhoAmI(in Read read)
    {
        var writer = Begin(read);
        writer.WriteInt(read.Identities.Length);
        foreach (var identity in read.Identities)
        {
            JavaText.Write(ref writer, identity.Scheme);
            JavaText.Write(ref writer, AccessControl.UserOf(identity));
        }

        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode Sync(in Read read, ref JuteReader reader)
    {
        var path = PathRequest.Read(ref reader).Path;
        if (reader.Malformed)
            return ErrorCode.MarshallingError;
        var writer = Begin(read);
        writer.Write(new SyncResponse(path.AsEchoed()));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode MultiRead(in Read read)
    {
        if (!MultiRequest.IsWhole(read.Body))
            return ErrorCode.MarshallingError;
        var errorAt = lane.Bytes.Length + ErrorOffset;
        var writer = Begin(read);
        var reader = new JuteReader(read.Body);
        for (var header = MultiHeader.Read(ref reader); !header.Done; header = MultiHeader.Read(ref reader))
        {
            if (!TryReadPart(read, (OpCode)header.Type, ref reader, ref writer))
            {
                // As in Apache's server, this error has a body: what was read before it.
                writer.Commit();
                lane.Bytes.Patch(errorAt, (int)ErrorCode.MarshallingError);
                break;
            }

            if (writer.Written > LargestReply)
                return TooLarge();
        }

        writer.Write(new MultiHeader(-1, true, -1));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private bool TryReadPart(in Read read, OpCode op, ref JuteReader reader, ref JuteWriter writer)
    {
        var path = op is OpCode.GetData or OpCode.GetChildren ? ReadRequest.Read(ref reader).Path : default;
        if (path.IsNull)
            return false;
        var error = Find(read, path, malformed: false, Permissions.Read, out var node);
        writer.Write(new MultiHeader(error == ErrorCode.Ok ? (int)op : -1, false, (int)error));
        if (error != ErrorCode.Ok)
            writer.Write(new ErrorResponse((int)error));
        else if (op == OpCode.GetData)
            writer.Write(new GetDataResponse(DataOf(node), _tree.StatOf(node)));
        else
            WriteChildren(ref writer, node);
        return true;
    }

    private ErrorCode AddWatch(in Read read, ref JuteReader reader)
    {
        var error = _watchRequests.Add(read, ref reader);
        if (error != ErrorCode.Ok)
            return error;
        var writer = Begin(read);
        writer.Write(new ErrorResponse(0));
        lane.EndFrame(ref writer, read.Client);
        return ErrorCode.Ok;
    }

    private ErrorCode WithoutBody(in Read read, ref JuteReader reader)
    {
        var error = read.Op switch
        {
            OpCode.SetWatches or OpCode.SetWatches2 => _watchRequests.Set(read, ref reader),
            _ => _watchRequests.CheckOrRemove(read, ref reader),
        };
        if (error == ErrorCode.Ok)
            lane.Reply(read.Client, read.Xid, Zxid, ErrorCode.Ok);
        return error;
    }

    private ErrorCode Ping(in Read read)
    {
        lane.Reply(read.Client, ReservedXid.Ping, Zxid, ErrorCode.Ok);
        return ErrorCode.Ok;
    }

    // Nobody could read it; what was written of it is taken back.
    private ErrorCode TooLarge()
    {
        lane.DropFrame();
        return ErrorCode.MarshallingError;
    }

    private JuteWriter Begin(scoped in Read read) => lane.BeginReply(read.Xid, Zxid, ErrorCode.Ok);

    private JuteBytes DataOf(int node) => _tree[node].DataLength < 0 ? default : new JuteBytes(_tree.DataOf(node));

    private void WriteChildren(ref JuteWriter writer, int node)
    {
        writer.WriteInt(_tree.ChildCountOf(node));
        for (var child = _tree.FirstChildOf(node); child != 0 && writer.Written <= LargestReply; child = _tree[child].NextSibling)
            writer.WriteBytes(_tree.NameOf(child));
    }
}
