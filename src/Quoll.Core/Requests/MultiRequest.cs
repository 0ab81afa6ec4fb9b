using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>Reads the list of a multi as Apache's <c>MultiOperationRecord</c> does, quirks included.</summary>
internal static class MultiRequest
{
    /// <summary>True if the list is whole and every operation is a change; counts them.</summary>
    public static bool TryCheck(ReadOnlySpan<byte> body, out int count)
    {
        count = 0;
        var reader = new JuteReader(body);
        for (var header = MultiHeader.Read(ref reader); !header.Done; header = MultiHeader.Read(ref reader))
        {
            if (reader.Malformed || !IsChange((OpCode)header.Type) || !IsAcceptable((OpCode)header.Type, reader))
                return false;
            Skip((OpCode)header.Type, ref reader);
            count++;
        }

        return !reader.Malformed;
    }

    /// <summary>True if the list is whole, and its operations are all changes or all reads.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> body)
    {
        var reader = new JuteReader(body);
        var changes = 0;
        var reads = 0;
        for (var header = MultiHeader.Read(ref reader); !header.Done && !reader.Malformed; header = MultiHeader.Read(ref reader))
        {
            if ((OpCode)header.Type is OpCode.GetData or OpCode.GetChildren)
                reads++;
            else if (IsChange((OpCode)header.Type) && IsAcceptable((OpCode)header.Type, reader))
                changes++;
            else
                return false;
            Skip((OpCode)header.Type, ref reader);
        }

        return !reader.Malformed && (changes == 0 || reads == 0);
    }

    /// <summary>
    /// Which parts are to be answered with a stat, as create2 is: their transactions do not tell it from create. Null if none is.
    /// </summary>
    public static bool[]? AskForStat(ReadOnlySpan<byte> body)
    {
        bool[]? asked = null;
        var reader = new JuteReader(body);
        var part = 0;
        for (var header = MultiHeader.Read(ref reader); !header.Done && !reader.Malformed; header = MultiHeader.Read(ref reader), part++)
        {
            if ((OpCode)header.Type == OpCode.Create2)
            {
                if (asked is null)
                {
                    // One that is not whole becomes an error, which has no parts.
                    if (!TryCheck(body, out var count))
                        return null;
                    asked = new bool[count];
                }

                asked[part] = true;
            }

            Skip((OpCode)header.Type, ref reader);
        }

        return asked;
    }

    /// <summary>
    /// The operation that a part is taken for: flags of a container make any create one, and a createTTL without a TTL's flags is a
    /// plain create. (<paramref name="reader"/> stands at the part's body and is not moved.)
    /// </summary>
    public static OpCode EffectiveOp(OpCode op, JuteReader reader)
    {
        if (op is OpCode.Create or OpCode.Create2)
            return CreateRequest.Read(ref reader).Flags == (int)CreateMode.Container ? OpCode.CreateContainer : op;
        if (op != OpCode.CreateTtl)
            return op;
        var flags = (CreateMode)CreateTtlRequest.Read(ref reader).Flags;
        return flags is CreateMode.PersistentTtl or CreateMode.PersistentSequentialTtl ? op
            : flags == CreateMode.Container ? OpCode.CreateContainer : OpCode.Create;
    }

    /// <summary>Moves past a part's body.</summary>
    public static void Skip(OpCode op, scoped ref JuteReader reader)
    {
        switch (op)
        {
            case OpCode.Create or OpCode.Create2 or OpCode.CreateContainer:
                _ = CreateRequest.Read(ref reader);
                break;
            case OpCode.CreateTtl:
                _ = CreateTtlRequest.Read(ref reader);
                break;
            case OpCode.Delete:
                _ = DeleteRequest.Read(ref reader);
                break;
            case OpCode.SetData:
                _ = SetDataRequest.Read(ref reader);
                break;
            case OpCode.Check:
                _ = CheckVersionRequest.Read(ref reader);
                break;
            case OpCode.GetData or OpCode.GetChildren:
                _ = ReadRequest.Read(ref reader);
                break;
            default:
                reader.Fail();
                break;
        }
    }

    private static bool IsChange(OpCode op) => op is OpCode.Create or OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl
        or OpCode.Delete or OpCode.SetData or OpCode.Check;

    // In a multi, a missing path, bad flags and a missing ACL spoil the whole request; alone they are errors of their own.
    private static bool IsAcceptable(OpCode op, JuteReader reader)
    {
        // Every operation begins with its path.
        var start = reader;
        if (start.ReadBytes().IsNull)
            return false;
        if (op is not (OpCode.Create or OpCode.Create2 or OpCode.CreateContainer))
            return true;
        var create = CreateRequest.Read(ref reader);
        return !create.Acl.IsNull && create.Flags is >= 0 and <= (int)CreateMode.Container;
    }
}
