using System.Buffers;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>Reads what is sent to learners from a server's disk.</summary>
/// <param name="simulation">The simulation.</param>
/// <param name="send">Sends bytes to the other side.</param>
/// <param name="fail">What is asked for is not on disk.</param>
internal sealed class SimHistorySender(Simulation simulation, Action<SimLinkEnd, byte[]> send, Action<SimLinkEnd> fail)
{
    private const int ChunkSize = 4096;

    public void SendSnapshot(SimLinkEnd? end, Zxid zxid)
    {
        if (end is not { Closed: false })
            return;
        simulation.Say($"{end.Server.Id} sends the snapshot {zxid} to {end.Other.Server.Id}");
        var all = new ArrayBufferWriter<byte>();
        if (!SnapshotBody.Read(end.Server.Disk, SimServer.Directory, zxid, Add))
        {
            fail(end);
            return;
        }

        LearnerPackets.WriteEndOfTree(all);
        foreach (var chunk in all.WrittenSpan.ToArray().Chunk(ChunkSize))
            send(end, chunk);

        bool Add(ReadOnlyMemory<byte> bytes)
        {
            all.Write(bytes.Span);
            return true;
        }
    }

    public void SendLog(SimLinkEnd? end, PeerEffect effect)
    {
        if (end is not { Closed: false })
            return;
        simulation.Say($"{end.Server.Id} sends the log after {effect.From} and up to {effect.To} to {end.Other.Server.Id}");
        var (packets, whole) = Log(end.Server, effect.From, effect.To, effect.Kind == PeerEffectKind.SendLogAsInforms);
        packets.ForEach(packet => send(end, packet));
        if (!whole)
            fail(end);
    }

    /// <summary>
    /// Sends a tree of an earlier time and the log behind it, to who would be told to cut its log after a transaction. False if the disk
    /// does not have them.
    /// </summary>
    public bool SendTreeUpTo(SimLinkEnd end, Zxid zxid, Func<Zxid, byte[]> introduce)
    {
        var snapshots = DataFiles.Snapshots(end.Server.Disk, SimServer.Directory);
        var snapshot = snapshots.FindLastIndex(each => each.Zxid <= zxid);
        if (snapshot < 0)
            return false;
        var (packets, whole) = Log(end.Server, snapshots[snapshot].Zxid, zxid, asInforms: false);
        if (!whole)
            return false;
        send(end, introduce(snapshots[snapshot].Zxid));
        SendSnapshot(end, snapshots[snapshot].Zxid);
        packets.ForEach(packet => send(end, packet));
        return true;
    }

    private static (List<byte[]> Packets, bool Whole) Log(SimServer server, Zxid from, Zxid to, bool asInforms)
    {
        var packets = new List<byte[]>();
        var files = new HistoryFiles(server.Disk, SimServer.Directory, SimServer.Directory, SimServer.MaxTxn);
        return (packets, files.Read(from, to, Add));

        bool Add(Zxid zxid, ReadOnlySpan<byte> txn)
        {
            var packet = new ArrayBufferWriter<byte>();
            if (asInforms)
                LearnerPackets.WriteInform(packet, zxid, txn);
            else
                LearnerPackets.WriteCommitted(packet, zxid, txn);
            packets.Add(packet.WrittenSpan.ToArray());
            return true;
        }
    }
}
