using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>Answers changes once they are applied here.</summary>
internal sealed class Replies(ClientLane lane)
{
    /// <param name="client">Who asked.</param>
    /// <param name="asked">For what.</param>
    /// <param name="applied">What became of it.</param>
    /// <param name="txn">The transaction.</param>
    /// <param name="zxid">Its number.</param>
    public void Reply(Client client, in PendingWrite asked, TxnApplier applied, ReadOnlySpan<byte> txn, long zxid)
    {
        var op = asked.Op;
        var failed = applied.Results.Count > 0 && applied.Results[0].Type == OpCode.Error && op != OpCode.Multi;
        var error = failed ? applied.Error : ErrorCode.Ok;
        // A multi that could not be read at all was logged as one error.
        if (op == OpCode.Multi && IsErrorTxn(txn))
            error = applied.Error;
        var writer = lane.BeginReply(asked.Xid, zxid, error);
        if (error == ErrorCode.Ok)
        {
            switch (op)
            {
                case OpCode.Multi:
                    WriteMulti(ref writer, asked.PartsWithStat, applied, txn);
                    break;
                case OpCode.CloseSession or OpCode.Delete:
                    break;
                default:
                    WriteBody(ref writer, op, applied.Results[0], txn);
                    break;
            }
        }

        lane.EndFrame(ref writer, client);
    }

    private static bool IsErrorTxn(ReadOnlySpan<byte> txn)
    {
        var reader = new JuteReader(txn);
        return TxnHeader.Read(ref reader).Type == (int)OpCode.Error;
    }

    private static void WriteMulti(ref JuteWriter writer, bool[]? withStat, TxnApplier applied, ReadOnlySpan<byte> txn)
    {
        var part = 0;
        foreach (var result in applied.Results)
        {
            var hasStat = part < withStat?.Length && withStat[part];
            part++;
            if (result.Type == OpCode.Error)
            {
                writer.Write(new MultiHeader(-1, false, (int)result.Error));
                writer.Write(new ErrorResponse((int)result.Error));
                continue;
            }

            var shown = result.Type is OpCode.CreateTtl or OpCode.CreateContainer || (result.Type == OpCode.Create && hasStat)
                ? OpCode.Create2
                : result.Type;
            writer.Write(new MultiHeader((int)shown, false, 0));
            WriteBody(ref writer, shown, result, txn);
        }

        writer.Write(new MultiHeader(-1, true, -1));
    }

    private static void WriteBody(ref JuteWriter writer, OpCode op, in TxnResult result, ReadOnlySpan<byte> txn)
    {
        var path = txn.Slice(result.PathOffset, result.PathLength);
        switch (op)
        {
            case OpCode.Create:
                writer.Write(new CreateResponse(path));
                break;
            case OpCode.Create2 or OpCode.CreateTtl or OpCode.CreateContainer:
                writer.Write(new Create2Response(path, result.Stat));
                break;
            case OpCode.SetData or OpCode.SetAcl:
                writer.Write(result.Stat);
                break;
            case OpCode.Delete or OpCode.Check:
                break;
            default:
                throw new InvariantViolationException($"no reply is known for {op}");
        }
    }
}
