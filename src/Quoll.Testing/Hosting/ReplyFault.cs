using System.Buffers.Binary;
using Quoll.Protocol;

namespace Quoll.Testing.Hosting;

/// <summary>Replies that are to be lost: the next one to a request of some kind, whoever asks.</summary>
internal sealed class ReplyFault
{
    private readonly List<OpCode> _next = [];

    public void Add(OpCode op) => _next.Add(op);

    public void Clear() => _next.Clear();

    /// <summary>Whether the reply to this request is to be lost; then no other is.</summary>
    /// <param name="frame">The request, without its length.</param>
    /// <param name="isFirst">It asks for a session.</param>
    /// <param name="xid">Its number.</param>
    public bool Strikes(ReadOnlySpan<byte> frame, bool isFirst, out int xid)
    {
        xid = 0;
        if (_next.Count == 0 || frame.Length < 8)
            return false;
        if (!isFirst)
            xid = BinaryPrimitives.ReadInt32BigEndian(frame);
        return _next.Remove(isFirst ? OpCode.CreateSession : (OpCode)BinaryPrimitives.ReadInt32BigEndian(frame[4..]));
    }

    /// <summary>Where in these frames the reply with a number begins; -1 if it is not among them.</summary>
    public static int Find(ReadOnlySpan<byte> frames, int xid)
    {
        for (var at = 0; at + 8 <= frames.Length; at += 4 + BinaryPrimitives.ReadInt32BigEndian(frames[at..]))
        {
            if (BinaryPrimitives.ReadInt32BigEndian(frames[(at + 4)..]) == xid)
                return at;
        }

        return -1;
    }
}
