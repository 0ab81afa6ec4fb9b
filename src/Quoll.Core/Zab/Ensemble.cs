using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>What a leader and a learner both work with. Durations are in milliseconds.</summary>
internal sealed record Ensemble(
    long Self, EnsembleConfig Config, Epochs Epochs, History History, PeerLane Peers, DiskLane Disk, List<Notice> Notices)
{
    /// <summary>The only protocol version there is (<c>0x10000</c>).</summary>
    public const int ProtocolVersion = 0x10000;

    /// <summary>Behind the data of FOLLOWERINFO, where Apache's servers do not look: this server cuts its log where it is told.</summary>
    public static ReadOnlySpan<byte> QuollMark => "QUOL"u8;

    public required int TickTime { get; init; }

    /// <summary>How long a learner may take to join, and a leader to find its quorum (<c>initLimit</c> ticks).</summary>
    public required int InitTime { get; init; }

    /// <summary>How long one may hear nothing of the other (<c>syncLimit</c> ticks).</summary>
    public required int SyncTime { get; init; }

    /// <summary>This server's history can be cut. It can't below its oldest snapshot: a leader has to send a whole tree then.</summary>
    public bool CutsExactly { get; set; } = true;

    /// <inheritdoc cref="RecoveredState.IsLost"/>
    public bool IsLost { get; set; }

    /// <summary>The last transaction that this server can answer for; -1 if it does not know.</summary>
    public Zxid KnownLast => IsLost ? new Zxid(-1) : History.Last;

    public bool Votes => Config.Voters.Contains(Self);

    /// <summary>It is one of those of whom a quorum is made, and knows what it has acknowledged.</summary>
    public bool HasSay => Votes && !IsLost;

    public byte[] ConfigText { get; } = System.Text.Encoding.UTF8.GetBytes(Config.ToString());

    private ConfigComparison Configs { get; } = new(Config);

    /// <summary>Another server tells by what it goes: the log says where this one goes by something else.</summary>
    public void CompareConfig(long server, ReadOnlySpan<byte> text)
    {
        if (Configs.News(server, text) is { } difference)
            Notice(NoticeKind.ConfigDiffers, server, difference);
    }

    /// <summary>How the configuration of a leader is newer than this server's, and another; null if it is not.</summary>
    public string? ChangeIn(ReadOnlySpan<byte> text) =>
        ConfigComparison.VersionOf(text) is var version && version > Config.Version && Configs.Difference(text) is { } change
            ? $"the ensemble was changed at {new Zxid(version)} ({change}): put that into this server's configuration, and start it again"
            : null;

    /// <summary>The transaction changes who is in the ensemble (<c>reconfig</c>).</summary>
    public static bool IsChange(ReadOnlySpan<byte> txn)
    {
        var reader = new JuteReader(txn);
        return (OpCode)TxnHeader.Read(ref reader).Type == OpCode.Reconfig && !reader.Malformed;
    }

    public void Notice(NoticeKind kind, long server, string text) => Notices.Add(new Notice(kind, server, 0, text));
}
