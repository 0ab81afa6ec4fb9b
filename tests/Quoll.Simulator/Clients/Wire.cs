using System.Buffers;
using System.Text;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Simulator.Clients;

/// <summary>Requests as bytes, and replies from them.</summary>
internal static class Wire
{
    private const int EphemeralFlag = 1;
    private const int SequentialFlag = 2;
    private static readonly byte[] OpenAcl = Encode((ref writer) => writer.Write(new Acl(31, new Id("world"u8, "anyone"u8))));

    internal delegate void RecordWriter(ref JuteWriter writer);

    public static byte[] Encode(RecordWriter write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(buffer);
        write(ref writer);
        writer.Commit();
        return buffer.WrittenSpan.ToArray();
    }

    public static byte[] Request(Operation operation) => Encode((ref writer) =>
    {
        writer.Write(new RequestHeader(operation.Xid, (int)operation.Op));
        Body(ref writer, operation);
    });

    /// <summary>Everything that is watched, for a connection that has come anew.</summary>
    public static byte[] SetWatches(int xid, long since, IEnumerable<(string Path, WatchKind Kind)> watches)
    {
        var all = watches.ToList();
        var data = Paths(all, WatchKind.Data, out var dataCount);
        var absent = Paths(all, WatchKind.Absence, out var absentCount);
        var children = Paths(all, WatchKind.Children, out var childCount);
        return Encode((ref writer) =>
        {
            writer.Write(new RequestHeader(xid, (int)OpCode.SetWatches));
            writer.Write(new SetWatchesRequest(
                since, new JuteVector<JuteBytes>(dataCount, data), new JuteVector<JuteBytes>(absentCount, absent),
                new JuteVector<JuteBytes>(childCount, children)));
        });
    }

    /// <summary>Reads what stands behind a reply's header.</summary>
    public static void Take(Operation operation, ref JuteReader reader)
    {
        switch (operation.Op)
        {
            case OpCode.Multi when operation.Error == ErrorCode.Ok:
                TakeMulti(operation, ref reader);
                break;
            case OpCode.GetData when operation.Error == ErrorCode.Ok:
                operation.Value = reader.ReadBytes().ToString();
                operation.Stat = Stat.Read(ref reader);
                break;
            case OpCode.GetChildren2 when operation.Error == ErrorCode.Ok:
                var children = new List<string>();
                for (var count = reader.ReadInt(); count > 0; count--)
                    children.Add(reader.ReadBytes().ToString());
                operation.Children = children;
                operation.Stat = Stat.Read(ref reader);
                break;
            case OpCode.SetData or OpCode.Exists when operation.Error == ErrorCode.Ok:
                operation.Stat = Stat.Read(ref reader);
                break;
            case OpCode.Create when operation.Error == ErrorCode.Ok:
                operation.CreatedPath = reader.ReadBytes().ToString();
                break;
        }
    }

    private static void Body(ref JuteWriter writer, Operation operation)
    {
        var path = Encoding.UTF8.GetBytes(operation.Path);
        var value = Encoding.UTF8.GetBytes(operation.Value ?? "");
        switch (operation.Op)
        {
            case OpCode.Create:
                var flags = (operation.Ephemeral ? EphemeralFlag : 0) | (operation.Sequential ? SequentialFlag : 0);
                writer.Write(new CreateRequest(path, value, new JuteVector<Acl>(1, OpenAcl), flags));
                break;
            case OpCode.Delete:
                writer.Write(new DeleteRequest(path, operation.Version));
                break;
            case OpCode.SetData:
                writer.Write(new SetDataRequest(path, value, operation.Version));
                break;
            case OpCode.Check:
                writer.Write(new CheckVersionRequest(path, operation.Version));
                break;
            case OpCode.GetData or OpCode.Exists or OpCode.GetChildren2:
                writer.Write(new ReadRequest(path, operation.Watch));
                break;
            case OpCode.Sync:
                writer.Write(new PathRequest(path));
                break;
            case OpCode.Multi:
                foreach (var part in operation.Parts)
                {
                    writer.Write(new MultiHeader((int)part.Op, false, -1));
                    Body(ref writer, part);
                }

                writer.Write(new MultiHeader(-1, true, -1));
                break;
        }
    }

    private static byte[] Paths(List<(string Path, WatchKind Kind)> all, WatchKind kind, out int count)
    {
        var paths = all.Where(watch => watch.Kind == kind).Select(watch => Encoding.UTF8.GetBytes(watch.Path)).ToList();
        count = paths.Count;
        return Encode((ref writer) =>
        {
            foreach (var path in paths)
                writer.WriteBytes(path);
        });
    }

    private static void TakeMulti(Operation operation, ref JuteReader reader)
    {
        foreach (var part in operation.Parts)
        {
            var header = MultiHeader.Read(ref reader);
            if (header.Done)
                return;
            if (header.Type == -1)
            {
                part.Error = (ErrorCode)reader.ReadInt();
                if (part.Error != ErrorCode.Ok && operation.Error == ErrorCode.Ok)
                    operation.Error = part.Error;
                continue;
            }

            part.Error = ErrorCode.Ok;
            Take(part, ref reader);
        }
    }
}

/// <summary>What a client waits for at a path.</summary>
internal enum WatchKind
{
    /// <summary>That there is something.</summary>
    Absence,

    /// <summary>That its data changes, or it is deleted.</summary>
    Data,

    /// <summary>That a child comes or goes.</summary>
    Children,
}
