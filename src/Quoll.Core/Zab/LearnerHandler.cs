using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

internal enum HandlerState
{
    /// <summary>It has not said who it is.</summary>
    Unknown,

    /// <summary>It waits for the epoch.</summary>
    Introduced,

    /// <summary>It has been told the epoch, and has not promised it.</summary>
    Asked,

    /// <summary>It has promised the epoch, and waits for what it lacks.</summary>
    Promised,

    /// <summary>What it lacks is in a snapshot that is still being written.</summary>
    AwaitingSnapshot,

    /// <summary>It has been sent what it lacks, and NEWLEADER.</summary>
    Syncing,

    /// <summary>It has the leader's history on disk.</summary>
    Synced,

    /// <summary>It serves: it is sent every transaction.</summary>
    Active,
}

/// <summary>What a leader knows of one learner.</summary>
internal sealed class LearnerHandler(Link link)
{
    private Zxid _expected;
    private Instant _expectedUntil;

    public Link Link { get; } = link;

    public HandlerState State { get; set; }

    public long Server { get; set; }

    public bool IsObserver { get; set; }

    /// <summary>It is a Quoll server, whose log ends where it is told to.</summary>
    public bool CutsExactly { get; set; }

    /// <summary>The last transaction that it had when it came.</summary>
    public Zxid LastZxid { get; set; }

    /// <summary>Its promise of the epoch counts: it was not given to this leader before, and it knows its own history.</summary>
    public bool HasPromised { get; set; }

    /// <summary>It was sent all up to this transaction, and that these are committed.</summary>
    public Zxid Sent { get; set; }

    /// <summary>It has all up to this transaction on disk.</summary>
    public Zxid Acked { get; set; }

    /// <summary>Pings since it serves, and how many of them it has answered.</summary>
    public long PingsSent { get; set; }

    public long PongsHeard { get; set; }

    /// <summary>The ping whose answer counts in the check of the quorum that is under way; 0 if it was not asked.</summary>
    public long CheckedBy { get; set; }

    public Instant Deadline { get; set; }

    /// <summary>
    /// True if it has not acknowledged for so long what it was sent: it reads and answers pings, and its disk hangs. To be asked now and
    /// then.
    /// </summary>
    /// <param name="last">The last transaction it was sent.</param>
    /// <param name="now">The time.</param>
    /// <param name="patience">Milliseconds.</param>
    public bool IsTooSlow(Zxid last, Instant now, int patience)
    {
        if (State != HandlerState.Active || IsObserver)
            return false;
        if (Acked < _expected)
            return now >= _expectedUntil;
        (_expected, _expectedUntil) = (last, now + patience);
        return false;
    }

    /// <summary>It says who it is; returns why that can't be.</summary>
    public string? Introduce(scoped in QuorumPacket packet, Ensemble ensemble)
    {
        var reader = new JuteReader(packet.Data.Span);
        var info = LearnerInfo.Read(ref reader);
        if (reader.Malformed || info.ProtocolVersion < Ensemble.ProtocolVersion)
            return "what it says of itself can't be read, or is of a version before 3.4";
        if (Introduction.FaultIn(info, new Zxid(packet.Zxid).Epoch, ensemble.Self) is { } fault)
            return fault;
        if (info.ConfigVersion > ensemble.Config.Version)
            return $"it goes by version {info.ConfigVersion:x} of the configuration, and this server by {ensemble.Config.Version:x}";
        if (!ensemble.Config.Members.ContainsKey(info.ServerId))
            ensemble.Notice(NoticeKind.LearnerNotListed, info.ServerId, $"{Link.Host}");
        Server = info.ServerId;
        IsObserver = (PacketType)packet.Type == PacketType.ObserverInfo;
        CutsExactly = reader.Rest.SequenceEqual(Ensemble.QuollMark);
        State = HandlerState.Introduced;
        return null;
    }

    /// <summary>What the log says when its connection is ended.</summary>
    public Notice Refused(string why) => State == HandlerState.Unknown
        ? new Notice(NoticeKind.StrangerRefused, 0, 0, $"{Link.Host}: {why}")
        : new Notice(NoticeKind.LearnerRefused, Server, 0, why);

    public bool IsLive => State is HandlerState.Synced or HandlerState.Active;
}
