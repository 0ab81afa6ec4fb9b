using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>What a learner cannot do by itself: it is about the tree, or about clients.</summary>
internal interface ILearnerHost
{
    /// <summary>A tree begins; the transactions in it go up to this one.</summary>
    void OnSnapshotBegins(Zxid zxid);

    /// <summary>Write the tree, and what was applied to it since, to disk; then put away all other history.</summary>
    void SaveSnapshot();

    /// <summary>The leader's history is here and applied: serve clients.</summary>
    void OnActive();
}

/// <summary>What a leader says that is about clients, and means nothing to Zab.</summary>
internal interface ILeaderReplies
{
    void OnRevalidated(scoped in QuorumPacket packet);

    void OnSync();

    /// <summary>The sessions heard of since the last ping, for the answer.</summary>
    ReadOnlySpan<byte> TakeTouched();
}
