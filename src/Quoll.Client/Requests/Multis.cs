using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Requests;

internal sealed class TransactionRequest(string root, Transaction transaction) : Request<TransactionResult[]>(OpCode.Multi, root, null)
{
    private static readonly MultiHeader End = new(-1, true, -1);

    // What is sent later, after a reconnect, is what was asked for now.
    private readonly Transaction.Operation[] _operations = [.. transaction.Operations];

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        foreach (var operation in _operations)
        {
            writer.Write(new MultiHeader((int)operation.OpCode, false, -1));
            Write(ref writer, operation, room);
        }

        writer.Write(End);
    }

    private void Write(scoped ref JuteWriter writer, in Transaction.Operation operation, Span<byte> room)
    {
        switch (operation.OpCode)
        {
            case OpCode.Check:
                writer.Write(new CheckVersionRequest(Paths.Encode(Root, operation.Path, room), operation.Version));
                break;
            case OpCode.Delete:
                writer.Write(new Protocol.Records.DeleteRequest(Paths.Encode(Root, operation.Path, room), operation.Version));
                break;
            case OpCode.SetData:
                writer.Write(new SetDataRequest(Paths.Encode(Root, operation.Path, room), operation.Data.Span, operation.Version));
                break;
            default:
                var acl = operation.Options.Acl is { } entries ? AclEntry.Encode(entries) : AclEntry.EncodedOpen;
                CreateRequest.Write(ref writer, Paths.Encode(Root, operation.Path, room), operation.Data.Span, acl, operation.Options);
                break;
        }
    }

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var results = new TransactionResult[_operations.Length];
        for (var i = 0; ; i++)
        {
            var header = MultiHeader.Read(ref reader);
            if (reader.Malformed || header.Done || i == results.Length)
                break;
            if (header.Type != (int)OpCode.Error)
                results[i] = Read(header, ref reader, _operations[i].Path);
            else if (ErrorResponse.Read(ref reader).Error is not 0 and var error && Failure is null)
                Fail(ToFailure((ErrorCode)error, i));
        }

        Result = results;
    }

    private TransactionResult Read(MultiHeader header, scoped ref JuteReader reader, string path)
    {
        switch ((OpCode)header.Type)
        {
            case OpCode.Create:
                return new(Paths.Strip(Root, CreateResponse.Read(ref reader).Path.ToString()), null);
            case OpCode.Create2:
                var created = Create2Response.Read(ref reader);
                return new(Paths.Strip(Root, created.Path.ToString()), created.Stat);
            case OpCode.SetData:
                return new(path, Stat.Read(ref reader));
            case OpCode.Delete or OpCode.Check:
                return default;
            default:
                reader.Fail();
                return default;
        }
    }

    private Failure ToFailure(ErrorCode error, int index)
    {
        var (opCode, path, _, _, _) = _operations[index];
        var what = Failures.ToException(error, $"{Names.Of(opCode)} {path}", path).Message;
        var detail = $"operation {index} of {_operations.Length}, {what}";
        return new Failure(error, RequestOutcome.Refused, null, detail) { FailedIndex = index };
    }
}

internal sealed class ReadManyRequest(string root, ReadBatch batch) : Request<ReadResult[]>(OpCode.MultiRead, root, null)
{
    private readonly ReadBatch.Read[] _reads = [.. batch.Reads];

    public override void WriteBody(scoped ref JuteWriter writer, Span<byte> room)
    {
        foreach (var read in _reads)
        {
            writer.Write(new MultiHeader((int)read.OpCode, false, -1));
            writer.Write(new ReadRequest(Paths.Encode(Root, read.Path, room), false));
        }

        writer.Write(new MultiHeader(-1, true, -1));
    }

    protected override void ReadBody(scoped ref JuteReader reader)
    {
        var results = new ReadResult[_reads.Length];
        for (var i = 0; ; i++)
        {
            var header = MultiHeader.Read(ref reader);
            if (reader.Malformed || header.Done || i == results.Length)
                break;
            results[i] = Read((OpCode)header.Type, ref reader);
        }

        Result = results;
    }

    private static ReadResult Read(OpCode type, scoped ref JuteReader reader)
    {
        switch (type)
        {
            case OpCode.Error:
                return new((ErrorCode)ErrorResponse.Read(ref reader).Error, null, null);
            case OpCode.GetData:
                return new(ErrorCode.Ok, Znode.Read(ref reader), null);
            case OpCode.GetChildren:
                return new(ErrorCode.Ok, null, Bodies.Texts(GetChildrenResponse.Read(ref reader).Children));
            default:
                reader.Fail();
                return default;
        }
    }
}
