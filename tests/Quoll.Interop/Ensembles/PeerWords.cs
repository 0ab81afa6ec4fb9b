using System.Net.Sockets;
using Quoll.Interop.Crash;
using Quoll.Interop.Faults;

namespace Quoll.Interop.Ensembles;

/// <summary>What servers say to one another, built apart from the server's codec.</summary>
internal static class PeerWords
{
    public const int Ack = 3;
    public const int FollowerInfo = 11;
    public const int LeaderInfo = 17;
    public const int AckEpoch = 18;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static byte[] Packet(int type, long zxid, byte[] data) =>
        new JuteBuilder().Int(type).Long(zxid).Buffer(data).Int(-1).ToPayload();

    public static byte[] Introduction(long server, long acceptedEpoch) =>
        Packet(FollowerInfo, acceptedEpoch << 32, new JuteBuilder().Long(server).Int(0x10000).Long(0).ToPayload());

    /// <summary>A promise of the epoch, and the history with which it is given.</summary>
    public static byte[] Promise(long lastZxid, int currentEpoch) =>
        Packet(AckEpoch, lastZxid, new JuteBuilder().Int(currentEpoch).ToPayload());

    /// <summary>What is said first on an election port.</summary>
    public static byte[] Greeting(long server) =>
        new JuteBuilder().Long(-65536).Long(server).String("127.0.0.1:3888").ToPayload();

    /// <summary>Reads the leader's epoch.</summary>
    public static async Task<long> ReadEpochAsync(WireClient leader)
    {
        using var patience = new CancellationTokenSource(Patience);
        var packet = new byte[4 + 8 + 4 + 4 + 4];
        await using var stream = new NetworkStream(leader.Socket);
        await stream.ReadExactlyAsync(packet, patience.Token);
        return Epoch(packet);

        static long Epoch(byte[] packet)
        {
            var parser = new JuteParser(packet);
            Assert.Equal(LeaderInfo, parser.Int());
            return parser.Long() >> 32;
        }
    }
}
