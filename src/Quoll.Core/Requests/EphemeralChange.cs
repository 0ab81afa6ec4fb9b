using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Requests;

/// <summary>Tells whether a change makes an ephemeral znode: what a local session can't have (<c>checkUpgradeSession</c>).</summary>
internal static class EphemeralChange
{
    public static bool IsOne(OpCode op, ReadOnlySpan<byte> body)
    {
        var reader = new JuteReader(body);
        return op == OpCode.Multi ? HasOne(ref reader) : IsOne(op, reader);
    }

    private static bool HasOne(ref JuteReader reader)
    {
        for (var header = MultiHeader.Read(ref reader); !header.Done && !reader.Malformed; header = MultiHeader.Read(ref reader))
        {
            if (IsOne((OpCode)header.Type, reader))
                return true;
            MultiRequest.Skip((OpCode)header.Type, ref reader);
        }

        return false;
    }

    private static bool IsOne(OpCode op, JuteReader reader) => op is OpCode.Create or OpCode.Create2
        && (CreateMode)CreateRequest.Read(ref reader).Flags is CreateMode.Ephemeral or CreateMode.EphemeralSequential
        && !reader.Malformed;
}
