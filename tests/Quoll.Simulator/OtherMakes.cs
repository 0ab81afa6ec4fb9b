using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Simulator.Clients;

namespace Quoll.Simulator;

/// <summary>
/// In some seeds a server now and then speaks as one of Apache's would in its place: as a learner it does not say that it cuts its log
/// where it is told, and as a leader it sends a tree to one that would else be told to cut. Whoever hears it must cope.
/// </summary>
internal sealed class OtherMakes(Simulation simulation, SimHistorySender sender)
{
    private const int LearnerInfoLength = 20;

    /// <summary>What is sent in place of these packets; the rest was sent already.</summary>
    public byte[] Replace(SimLinkEnd end, ReadOnlySpan<byte> bytes)
    {
        if (!simulation.Traits.OtherMakes)
            return bytes.ToArray();
        var reader = new JuteReader(bytes);
        var packet = QuorumPacket.Read(ref reader);
        var type = (PacketType)packet.Type;
        if (reader.Malformed || !reader.AtEnd)
            return bytes.ToArray();
        if (type is PacketType.FollowerInfo or PacketType.ObserverInfo && packet.Data.Length > LearnerInfoLength && simulation.Chance(0.3))
        {
            simulation.Say($"{end.Server.Id} does not say to {end.Other.Server.Id} that it can cut its log");
            return Packet(type, packet.Zxid, packet.Data.Span[..LearnerInfoLength].ToArray());
        }

        if (type == PacketType.Truncate && simulation.Chance(0.5)
            && sender.SendTreeUpTo(end, new Zxid(packet.Zxid), zxid => Packet(PacketType.Snapshot, zxid.Value, null)))
            return [];
        return bytes.ToArray();
    }

    private static byte[] Packet(PacketType type, long zxid, byte[]? data) =>
        Wire.Encode((ref writer) => writer.Write(new QuorumPacket((int)type, zxid, data, default)));
}
