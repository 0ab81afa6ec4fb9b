using System.Buffers.Binary;
using Quoll.Protocol;

namespace Quoll.Core.Election;

/// <summary>
/// What a server that was asked whom it would choose answers, in a datagram. Apache's <c>ResponderThread</c> answers with as many bytes;
/// whoever asks it reads the first 28. The last eight say here what those can't: what the server does, and the epoch of its vote.
/// </summary>
/// <param name="Xid">That of the question.</param>
/// <param name="Server">Who answers.</param>
/// <param name="Vote">Whom it would choose, or has as the leader.</param>
/// <param name="State">What it does.</param>
internal readonly record struct ElectionAnswer(int Xid, long Server, Vote Vote, ServerState State)
{
    public const int Length = 36;

    /// <summary>Reads an answer; false for one that a server can't have meant.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ElectionAnswer answer)
    {
        answer = default;
        if (bytes.Length != Length)
            return false;
        var epoch = BinaryPrimitives.ReadInt32BigEndian(bytes[32..]);
        var vote = new Vote(
            BinaryPrimitives.ReadInt64BigEndian(bytes[12..]), new Zxid(BinaryPrimitives.ReadInt64BigEndian(bytes[20..])), epoch);
        var state = (ServerState)BinaryPrimitives.ReadInt32BigEndian(bytes[28..]);
        answer = new ElectionAnswer(
            BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[4..]), vote, state);
        var isOwn = vote.Leader == answer.Server;
        return epoch >= 0 && (state == ServerState.Looking || (state == ServerState.Leading && isOwn)
            || (state == ServerState.Following && !isOwn));
    }

    public void Write(LaneBuffer buffer)
    {
        var bytes = buffer.GetSpan(Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes, Xid);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Server);
        BinaryPrimitives.WriteInt64BigEndian(bytes[12..], Vote.Leader);
        BinaryPrimitives.WriteInt64BigEndian(bytes[20..], Vote.Zxid.Value);
        BinaryPrimitives.WriteInt32BigEndian(bytes[28..], (int)State);
        BinaryPrimitives.WriteInt32BigEndian(bytes[32..], (int)Vote.PeerEpoch);
        buffer.Advance(Length);
    }
}
