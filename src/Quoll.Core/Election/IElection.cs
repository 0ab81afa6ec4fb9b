using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core.Election;

/// <summary>The algorithms, by the numbers that <c>electionAlg</c> has for them.</summary>
public enum ElectionAlgorithm
{
    /// <summary>Everybody is asked by datagrams; for ensembles of Quoll servers.</summary>
    Basic = 0,

    /// <summary>Everybody tells everybody, over connections; the one that Apache's servers have as well.</summary>
    Fast = 3,
}

/// <summary>
/// Looks for a leader, and tells those who look of the one that was found. It only chooses: that what was acknowledged is not lost rests on
/// the epochs that follow.
/// </summary>
internal interface IElection
{
    /// <summary>What this server does; the peer says so.</summary>
    ServerState State { get; }

    /// <summary>The round of elections; it goes up with each.</summary>
    long Round { get; }

    /// <summary>Set once a leader has been chosen: the peer takes it, and tells what it does then.</summary>
    Vote? Elected { get; }

    /// <summary>
    /// This server was chosen, and a quorum has said since that it would have, or has, another: a better vote came to those whom this one
    /// had counted. Who leads nobody yet had better look again.
    /// </summary>
    bool IsDeserted { get; }

    static IElection Of(ElectionAlgorithm algorithm, Ensemble ensemble, ulong seed) => algorithm == ElectionAlgorithm.Basic
        ? new LeaderElection(ensemble, seed)
        : new FastLeaderElection(ensemble.Self, ensemble.Config, ensemble.Peers);

    /// <summary>Begins to look for a leader, with a vote for oneself; who does not vote has none to cast.</summary>
    void Look(Zxid lastZxid, long peerEpoch, Instant now);

    /// <summary>The role has ended, and how far the history reaches is not clear yet: nothing is said, and nothing decided.</summary>
    void Pause();

    /// <summary>The election is over for this server.</summary>
    void Settle(ServerState state, Vote vote);

    /// <summary>The leader's epoch is established: from here on the answer names it.</summary>
    void RaiseEpoch(long epoch);

    void Advance(Instant now);
}
