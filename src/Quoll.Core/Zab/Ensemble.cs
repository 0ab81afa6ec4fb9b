using Quoll.Core.Quorum;

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

    public bool Votes => Config.Voters.Contains(Self);

    public byte[] ConfigText { get; } = System.Text.Encoding.UTF8.GetBytes(Config.ToString());

    public void Notice(NoticeKind kind, long server, string text) => Notices.Add(new Notice(kind, server, 0, text));
}
