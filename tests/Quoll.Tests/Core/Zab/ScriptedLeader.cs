using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Protocol.Records;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>A leader, number 2 of three, that says to a server what a test wants it to: each word is the test's own.</summary>
internal sealed class ScriptedLeader(SteppedServer server, int epoch)
{
    public const long Id = 2;
    private Wire? _wire;

    public Wire Wire => _wire ?? throw new InvalidOperationException("nobody has connected to the leader");

    public int Epoch => epoch;

    /// <summary>The others say that they have this leader: the server takes it, and connects.</summary>
    public ScriptedLeader Elect(Zxid zxid = default)
    {
        server.Do(peer => peer.OnNotification(3, Notifications.Of(ServerState.Following, Id, zxid, 7, epoch)));
        server.Do(peer => peer.OnNotification(Id, Notifications.Of(ServerState.Leading, Id, zxid, 7, epoch)));
        return this;
    }

    /// <summary>Up to the promise of the epoch; returns it.</summary>
    public Packet Greet()
    {
        _wire = server.Accept(Id);
        var info = Wire.Said.Peek().Type == PacketType.ObserverInfo ? PacketType.ObserverInfo : PacketType.FollowerInfo;
        Wire.Take(info);
        Say(PacketType.LeaderInfo, Zxid.OfEpoch(epoch), [0, 1, 0, 0]);
        return Wire.Take(PacketType.AckEpoch);
    }

    public ScriptedLeader Say(PacketType type, Zxid zxid = default, byte[]? data = null)
    {
        Wire.Hear(type, zxid, data);
        return this;
    }

    public ScriptedLeader Propose(Zxid zxid, string family = "n") => Say(PacketType.Proposal, zxid, DataDirectory.TxnOf(zxid, family));

    public ScriptedLeader Commit(Zxid zxid) => Say(PacketType.Commit, zxid);

    /// <summary>A tree with all that a directory has.</summary>
    public ScriptedLeader SendTree(Zxid name, DataDirectory of)
    {
        Say(PacketType.Snapshot, name);
        var newest = Quoll.Storage.DataFiles.Snapshots(of.Disk, LogFiles.Directory)[^1].Zxid;
        var tree = new Bytes();
        Assert.True(Quoll.Storage.SnapshotBody.Read(of.Disk, LogFiles.Directory, newest, bytes => tree.Raw(bytes.Span) is not null));
        Wire.HearBytes(tree.String("BenWasHere").ToArray());
        return this;
    }

    public ScriptedLeader NewLeader() =>
        Say(PacketType.NewLeader, Zxid.OfEpoch(epoch), System.Text.Encoding.UTF8.GetBytes(SteppedServer.Config(3).ToString()));

    /// <summary>From NEWLEADER to a server that serves.</summary>
    public ScriptedLeader Finish()
    {
        NewLeader();
        server.RunDisk();
        Wire.Take(PacketType.Ack, Zxid.OfEpoch(epoch));
        Say(PacketType.UpToDate, new Zxid(-1));
        Wire.Take(PacketType.Ack, Zxid.OfEpoch(epoch));
        Assert.True(server.Peer.Serves);
        return this;
    }

    /// <summary>The leader is gone, and so is everybody's memory of it.</summary>
    public void Vanish() => Wire.Break();
}

/// <summary>Messages of election ports, byte by byte.</summary>
internal static class Notifications
{
    private static readonly byte[] Config = System.Text.Encoding.UTF8.GetBytes(SteppedServer.Config(3).ToString());

    public static byte[] Of(ServerState state, long leader, Zxid zxid, long round, long peerEpoch, byte[]? config = null) =>
        new Bytes().Int((int)state).Long(leader).Long(zxid.Value).Long(round).Long(peerEpoch).Int(2).Buffer(config ?? Config).ToArray();

    public static Zxid ZxidOf(byte[] message) => new(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(message.AsSpan(12)));
}
