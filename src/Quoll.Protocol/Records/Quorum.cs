using Quoll.Protocol.Jute;

namespace Quoll.Protocol.Records;

/// <summary>What servers say to each other on the quorum port: the numbers of <c>Leader</c>'s packet types.</summary>
public enum PacketType
{
    /// <summary>A learner forwards a client's request.</summary>
    Request = 1,

    /// <summary>A transaction to be logged and acknowledged.</summary>
    Proposal = 2,

    /// <summary>A transaction is on the sender's disk, or (counter 0) the epoch's initial history is.</summary>
    Ack = 3,

    Commit = 4,

    /// <summary>A heartbeat; the answer carries the sessions heard of since the last one.</summary>
    Ping = 5,

    /// <summary>Does this session still live? A client came with it to another server.</summary>
    Revalidate = 6,

    /// <summary>All that was committed when a client asked for a sync has been sent.</summary>
    Sync = 7,

    /// <summary>A committed transaction, for an observer.</summary>
    Inform = 8,

    CommitAndActivate = 9,

    /// <summary>The end of a learner's synchronisation: all before is the epoch's initial history.</summary>
    NewLeader = 10,

    FollowerInfo = 11,

    /// <summary>A quorum has the initial history: serve.</summary>
    UpToDate = 12,

    /// <summary>What the learner lacks follows.</summary>
    Diff = 13,

    /// <summary>The learner drops what comes after this zxid.</summary>
    Truncate = 14,

    /// <summary>A whole tree follows.</summary>
    Snapshot = 15,

    ObserverInfo = 16,

    /// <summary>The epoch that the leader proposes.</summary>
    LeaderInfo = 17,

    /// <summary>The learner has promised the epoch; how far its own history reaches.</summary>
    AckEpoch = 18,

    InformAndActivate = 19,
}

/// <summary>A packet of the quorum port. No length stands before it.</summary>
[JuteRecord] public readonly ref partial struct QuorumPacket(int type, long zxid, JuteBytes data, JuteVector<Id> authInfo);

/// <summary>Who a learner is: the data of FOLLOWERINFO and OBSERVERINFO. Readers ignore what comes behind it.</summary>
[JuteRecord] public readonly partial record struct LearnerInfo(long ServerId, int ProtocolVersion, long ConfigVersion);

/// <summary>What stands before the body of a forwarded request.</summary>
[JuteRecord] public readonly partial record struct ForwardedHeader(long SessionId, int Cxid, int Type);

/// <summary>A session and its timeout, in the answer to a ping and in REVALIDATE.</summary>
[JuteRecord] public readonly partial record struct SessionTimeout(long SessionId, int Timeout);
