using System.Buffers.Binary;
using Quoll.Protocol;

namespace Quoll.Core.Election;

/// <summary>What a server is doing, as it tells in elections.</summary>
public enum ServerState
{
    Looking = 0,
    Following = 1,
    Leading = 2,
    Observing = 3,
}

/// <summary>Who should lead, and how far that server's history reaches.</summary>
/// <param name="Leader">The server's number.</param>
/// <param name="Zxid">The last transaction it has.</param>
/// <param name="PeerEpoch">The last epoch whose leader it has accepted.</param>
internal readonly record struct Vote(long Leader, Zxid Zxid, long PeerEpoch)
{
    /// <summary>A newer epoch wins, then a longer history, then the larger number (<c>totalOrderPredicate</c>).</summary>
    public bool Beats(Vote other) =>
        (PeerEpoch, Zxid.Value, Leader).CompareTo((other.PeerEpoch, other.Zxid.Value, other.Leader)) > 0;
}

/// <summary>A message of the election port (<c>FastLeaderElection.Notification</c>).</summary>
/// <param name="State">What the sender is doing.</param>
/// <param name="Vote">Whom it votes for, or follows.</param>
/// <param name="Round">The round of elections that the vote is of.</param>
/// <param name="Version">0 for servers before 3.5, whose votes tell less; 2 today.</param>
internal readonly record struct Notification(ServerState State, Vote Vote, long Round, int Version)
{
    private const int LengthBefore34 = 28;
    private const int LengthOf34 = 40;
    private const int Version2 = 2;

    /// <summary>Reads a message; false for one that a server can't have meant, which is dropped.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Notification notification)
    {
        notification = default;
        if (bytes.Length < LengthBefore34 || bytes.Length is > LengthBefore34 and < LengthOf34)
            return false;
        var state = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (state is < (int)ServerState.Looking or > (int)ServerState.Observing)
            return false;
        var zxid = new Zxid(BinaryPrimitives.ReadInt64BigEndian(bytes[12..]));
        var peerEpoch = bytes.Length == LengthBefore34 ? zxid.Epoch : BinaryPrimitives.ReadInt64BigEndian(bytes[28..]);
        var version = bytes.Length <= LengthOf34 ? 0 : BinaryPrimitives.ReadInt32BigEndian(bytes[36..]);
        if (version > 1 && !HasWholeConfig(bytes[LengthOf34..]))
            return false;
        var vote = new Vote(BinaryPrimitives.ReadInt64BigEndian(bytes[4..]), zxid, peerEpoch);
        notification = new Notification((ServerState)state, vote, BinaryPrimitives.ReadInt64BigEndian(bytes[20..]), version);
        return true;
    }

    /// <summary>
    /// Writes the message as servers since 3.5 do. The text of the configuration must be whole: one that can't be parsed ends the
    /// receiving thread of an Apache server.
    /// </summary>
    public void Write(LaneBuffer buffer, ReadOnlySpan<byte> config)
    {
        var bytes = buffer.GetSpan(LengthOf34 + 4 + config.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes, (int)State);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Vote.Leader);
        BinaryPrimitives.WriteInt64BigEndian(bytes[12..], Vote.Zxid.Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes[20..], Round);
        BinaryPrimitives.WriteInt64BigEndian(bytes[28..], Vote.PeerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(bytes[36..], Version2);
        BinaryPrimitives.WriteInt32BigEndian(bytes[40..], config.Length);
        config.CopyTo(bytes[44..]);
        buffer.Advance(LengthOf34 + 4 + config.Length);
    }

    /// <summary>The configuration that its sender goes by; empty if it tells none. Of a message that could be read.</summary>
    public static ReadOnlySpan<byte> ConfigIn(ReadOnlySpan<byte> bytes) =>
        bytes.Length > LengthOf34 && BinaryPrimitives.ReadInt32BigEndian(bytes[36..]) > 1
            ? bytes.Slice(LengthOf34 + 4, BinaryPrimitives.ReadInt32BigEndian(bytes[LengthOf34..]))
            : [];

    // A server that sends it is in an ensemble, and so its text has at least itself.
    private static bool HasWholeConfig(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 4 && BinaryPrimitives.ReadInt32BigEndian(bytes) is var length && length > 0 && length <= bytes.Length - 4;
}
