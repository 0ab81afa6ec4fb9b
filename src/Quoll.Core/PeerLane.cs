using System.Buffers;
using System.Buffers.Binary;
using Quoll.Core.Election;
using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core;

public enum PeerEffectKind
{
    /// <summary>
    /// Tell a server's election port; of several messages to one server that wait, only the last matters. Nothing is said when it
    /// can't be told.
    /// </summary>
    Notify,

    /// <summary>Ask a server whom it would choose, by a datagram; the answer is for <see cref="QuorumPeer.OnDatagram"/>.</summary>
    Ask,

    /// <summary>Answer whoever sent a datagram: <see cref="PeerEffect.Asker"/>.</summary>
    Answer,

    /// <summary>Connect to a server's quorum port; say <see cref="QuorumPeer.OnLinkUp"/> or <see cref="QuorumPeer.OnLinkDown"/>.</summary>
    Connect,

    /// <summary>The same with a server's port for observers.</summary>
    ConnectToObserverPort,

    /// <summary>Send bytes: whole packets.</summary>
    Send,

    /// <summary>Send the znodes of the snapshot with the zxid <see cref="PeerEffect.From"/>, and the signature behind them.</summary>
    SendSnapshot,

    /// <summary>
    /// Send what the log has after <see cref="PeerEffect.From"/> and up to <see cref="PeerEffect.To"/>, each as a proposal and its
    /// commit. If the log does not have all of it, close the link.
    /// </summary>
    SendLog,

    /// <summary>The same, each as an inform, for an observer that serves.</summary>
    SendLogAsInforms,

    /// <summary>Close the link once what was sent before is on its way.</summary>
    Close,
}

/// <summary>Something for another server; bytes are a range of the lane's.</summary>
public readonly record struct PeerEffect(
    PeerEffectKind Kind, Link? Link, long Server = 0, int Offset = 0, int Length = 0, Zxid From = default, Zxid To = default,
    object? Asker = null);

/// <summary>The packets that the host writes itself, from what is on disk, where the peer asks it to.</summary>
public static class LearnerPackets
{
    /// <summary>Writes a transaction as <see cref="PeerEffectKind.SendLog"/> wants it.</summary>
    public static void WriteCommitted(IBufferWriter<byte> output, Zxid zxid, ReadOnlySpan<byte> txn)
    {
        Write(output, PacketType.Proposal, zxid, txn);
        Write(output, PacketType.Commit, zxid, default);
    }

    /// <summary>Writes a transaction as <see cref="PeerEffectKind.SendLogAsInforms"/> wants it.</summary>
    public static void WriteInform(IBufferWriter<byte> output, Zxid zxid, ReadOnlySpan<byte> txn) =>
        Write(output, PacketType.Inform, zxid, txn);

    /// <summary>Writes what stands behind the znodes of a tree.</summary>
    public static void WriteEndOfTree(IBufferWriter<byte> output)
    {
        var writer = new JuteWriter(output);
        writer.WriteBytes(IncomingTree.Signature);
        writer.Commit();
    }

    private static void Write(IBufferWriter<byte> output, PacketType type, Zxid zxid, JuteBytes data)
    {
        var writer = new JuteWriter(output);
        writer.Write(new QuorumPacket((int)type, zxid.Value, data, default));
        writer.Commit();
    }
}

/// <summary>A packet in the lane.</summary>
internal readonly record struct PacketBytes(int Offset, int Length);

/// <summary>What goes to other servers, in the order in which each must see it.</summary>
public sealed class PeerLane
{
    private byte[] _config = [];

    public List<PeerEffect> Effects { get; } = [];

    public LaneBuffer Bytes { get; } = new();

    /// <summary>The ensemble as notifications tell it.</summary>
    internal void SetConfig(byte[] text) => _config = text;

    internal void Notify(long server, in Notification notification)
    {
        var offset = Bytes.Length;
        notification.Write(Bytes, _config);
        Effects.Add(new PeerEffect(PeerEffectKind.Notify, null, server, offset, Bytes.Length - offset));
    }

    internal void Ask(long server, int xid)
    {
        var offset = Bytes.Length;
        BinaryPrimitives.WriteInt32BigEndian(Bytes.GetSpan(4), xid);
        Bytes.Advance(4);
        Effects.Add(new PeerEffect(PeerEffectKind.Ask, null, server, offset, Bytes.Length - offset));
    }

    internal void Answer(object asker, in ElectionAnswer answer)
    {
        var offset = Bytes.Length;
        answer.Write(Bytes);
        Effects.Add(new PeerEffect(PeerEffectKind.Answer, null, 0, offset, Bytes.Length - offset, Asker: asker));
    }

    internal Link Connect(in MasterPort to)
    {
        var link = new Link(null);
        var kind = to.ForObservers ? PeerEffectKind.ConnectToObserverPort : PeerEffectKind.Connect;
        Effects.Add(new PeerEffect(kind, link, to.Server));
        return link;
    }

    internal void Close(Link link)
    {
        if (link.Closed)
            return;
        link.Closed = true;
        Effects.Add(new PeerEffect(PeerEffectKind.Close, link));
    }

    internal void SendSnapshot(Link link, Zxid zxid) => Effects.Add(new PeerEffect(PeerEffectKind.SendSnapshot, link, From: zxid));

    internal void SendLog(Link link, Zxid after, Zxid upTo, bool asInforms)
    {
        var kind = asInforms ? PeerEffectKind.SendLogAsInforms : PeerEffectKind.SendLog;
        Effects.Add(new PeerEffect(kind, link, From: after, To: upTo));
    }

    /// <summary>Writes a packet that may go to several; <see cref="Send(Link, PacketBytes)"/> sends it.</summary>
    internal PacketBytes Write(PacketType type, Zxid zxid, scoped JuteBytes data = default, scoped JuteVector<Id> authInfo = default)
    {
        var offset = Bytes.Length;
        var writer = new JuteWriter(Bytes);
        writer.WriteInt((int)type);
        writer.WriteLong(zxid.Value);
        writer.WriteBytes(data);
        writer.WriteInt(authInfo.IsNull ? -1 : authInfo.Count);
        writer.WriteRaw(authInfo.Encoded);
        writer.Commit();
        return new PacketBytes(offset, Bytes.Length - offset);
    }

    internal void Send(Link link, PacketBytes packet)
    {
        if (link.Closed)
            return;
        if (Effects.Count > 0 && Effects[^1] is { Kind: PeerEffectKind.Send } last && last.Link == link
            && last.Offset + last.Length == packet.Offset)
            Effects[^1] = last with { Length = last.Length + packet.Length };
        else
            Effects.Add(new PeerEffect(PeerEffectKind.Send, link, 0, packet.Offset, packet.Length));
    }

    internal void Send(Link link, PacketType type, Zxid zxid, scoped JuteBytes data = default, scoped JuteVector<Id> authInfo = default) =>
        Send(link, Write(type, zxid, data, authInfo));

    internal void Clear()
    {
        Effects.Clear();
        Bytes.Clear();
    }
}
