using Quoll.Core.Zab;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Tests.Core.Zab;

/// <summary>A packet of the quorum port. Built and taken apart by hand, so that a test shares no mistake with the server's codec.</summary>
internal sealed record Packet(PacketType Type, Zxid Zxid, byte[]? Data, byte[] Raw)
{
    /// <summary>What stands for the znodes of a snapshot, which are no packet.</summary>
    public const PacketType Tree = 0;

    public static Packet Of(PacketType type, Zxid zxid = default, byte[]? data = null, bool hasAuthInfo = false)
    {
        var raw = new Bytes().Int((int)type).Long(zxid.Value).Buffer(data).Int(hasAuthInfo ? 0 : -1).ToArray();
        return new Packet(type, zxid, data, raw);
    }

    public static List<Packet> All(byte[] bytes)
    {
        var packets = new List<Packet>();
        var reader = new BytesReader(bytes);
        while (reader.Left > 0)
        {
            var start = bytes.Length - reader.Left;
            var (type, zxid, data) = ((PacketType)reader.Int(), new Zxid(reader.Long()), reader.Buffer());
            for (var ids = reader.Int(); ids > 0; ids--)
                _ = reader.String() + reader.String();
            packets.Add(new Packet(type, zxid, data, bytes[start..^reader.Left]));
        }

        return packets;
    }

    public override string ToString() => $"{Type} {Zxid}";
}

/// <summary>A server's end of a connection between quorum ports. What it says waits here until the test takes it.</summary>
internal sealed class Wire(SteppedServer server, Link? link = null)
{
    private readonly List<byte> _inbox = [];

    public SteppedServer Server { get; } = server;

    public Link? Link { get; set; } = link;

    /// <summary>The server at the other end; null where a test speaks.</summary>
    public Wire? Other { get; set; }

    /// <summary>Said, and not taken.</summary>
    public Queue<Packet> Said { get; } = new();

    /// <summary>The server has closed it.</summary>
    public bool Closed { get; set; }

    /// <summary>It was told that the link is down.</summary>
    public bool Down { get; private set; }

    /// <summary>Bytes that the server was given and has not taken.</summary>
    public int Untaken => _inbox.Count;

    /// <summary>Gives the server a packet; it takes it now, or when it can.</summary>
    public void Hear(Packet packet) => HearBytes(packet.Raw);

    public void Hear(PacketType type, Zxid zxid = default, byte[]? data = null) => Hear(Packet.Of(type, zxid, data));

    public void HearBytes(byte[] bytes)
    {
        if (Closed || Down)
            return;
        _inbox.AddRange(bytes);
        Server.Do(_ => Feed());
    }

    /// <summary>Has the server take what it can of what came; true if it took something.</summary>
    public bool Feed()
    {
        if (Closed || Down || _inbox.Count == 0)
            return false;
        var taken = Server.Peer.OnBytes(Link!, [.. _inbox]);
        _inbox.RemoveRange(0, taken);
        return taken > 0;
    }

    /// <summary>The connection breaks. What was under way is lost.</summary>
    public void Break()
    {
        if (Down)
            return;
        Down = true;
        _inbox.Clear();
        Said.Clear();
        if (!Closed && Server.IsUp)
            Server.Do(peer => peer.OnLinkDown(Link!));
    }

    /// <summary>Takes the next packet, which must be of this type.</summary>
    public Packet Take(PacketType type)
    {
        Assert.True(Said.TryDequeue(out var packet), $"{type} was not said");
        Assert.True(packet.Type == type, $"{packet} was said, not {type}");
        return packet;
    }

    public Packet Take(PacketType type, Zxid zxid)
    {
        var packet = Take(type);
        Assert.Equal(zxid, packet.Zxid);
        return packet;
    }

    /// <summary>Takes all that was said, as text, so that a test can show it: <c>Diff 0x100000001</c>.</summary>
    public string[] TakeAll()
    {
        var all = Said.Select(packet => packet.ToString()).ToArray();
        Said.Clear();
        return all;
    }
}
