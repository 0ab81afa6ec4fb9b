using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// What must hold whenever a server says something: its disk, read again at that moment, bears it out. The names are those of the list in
/// <c>docs/known-bugs.md</c>.
/// </summary>
internal static class Invariants
{
    /// <summary>The zxid that a server claims in an election is that of its disk (I4).</summary>
    public static void OfVote(SteppedServer server, byte[] message)
    {
        Assert.True(Notification.TryRead(message, out var said));
        if (said.State == ServerState.Looking)
            OfVote(server, said.Vote);
    }

    /// <summary>The same, where votes are asked for.</summary>
    public static void OfDatagram(SteppedServer server, byte[] bytes)
    {
        if (ElectionAnswer.TryRead(bytes, out var said) && said.State == ServerState.Looking)
            OfVote(server, said.Vote);
    }

    private static void OfVote(SteppedServer server, Vote vote)
    {
        if (vote.Leader != server.Id)
            return;
        var disk = Disk(server);
        Assert.True(disk.Last == vote.Zxid, $"server {server.Id} votes {vote.Zxid}, and its disk has {disk.Last} (I4)");
        Assert.True(disk.Current >= vote.PeerEpoch, $"server {server.Id} votes epoch {vote.PeerEpoch} > {disk.Current} (I4)");
    }

    public static void OfPacket(SteppedServer server, Packet packet)
    {
        switch (packet.Type)
        {
            case PacketType.AckEpoch:
                var promised = Disk(server);
                Assert.True(promised.Last == packet.Zxid, $"server {server.Id} says {packet}, and its disk has {promised.Last} (I4)");
                break;
            case PacketType.Ack when packet.Zxid.Counter == 0:
                var epoch = Disk(server).Current;
                Assert.True(epoch == packet.Zxid.Epoch, $"server {server.Id} says {packet}, and its epoch is {epoch} (I5, I6)");
                break;
            case PacketType.Ack:
                var last = Disk(server).Last;
                Assert.True(last >= packet.Zxid, $"server {server.Id} says {packet}, and its disk ends at {last} (I6)");
                break;
            case PacketType.LeaderInfo:
                var accepted = Disk(server).Accepted;
                Assert.True(accepted == packet.Zxid.Epoch, $"server {server.Id} says {packet}, and has promised {accepted}");
                break;
        }
    }

    /// <summary>What a restart would find: its numbers grow (I8), and its epochs cover it (I7).</summary>
    public static (Zxid Last, long Accepted, long Current) Disk(SteppedServer server)
    {
        var last = default(Zxid);
        foreach (var txn in LogFiles.ReadAll(server.Disk))
        {
            var zxid = Txns.ZxidOf(txn);
            var follows = zxid.Epoch == last.Epoch ? zxid == last.Next || last == default : zxid.Epoch > last.Epoch;
            Assert.True(follows, $"the log of server {server.Id} goes from {last} to {zxid} (I8)");
            last = zxid;
        }

        var state = server.Reloaded();
        Assert.True(
            state.LastZxid.Epoch <= state.CurrentEpoch && state.CurrentEpoch <= state.AcceptedEpoch,
            $"server {server.Id} has {state.LastZxid}, current epoch {state.CurrentEpoch} and accepted {state.AcceptedEpoch} (I7)");
        return (state.IsLost ? new Zxid(-1) : state.LastZxid, state.AcceptedEpoch, state.CurrentEpoch);
    }
}
