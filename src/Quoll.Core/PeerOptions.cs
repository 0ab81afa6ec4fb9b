using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Core.Tree;

namespace Quoll.Core;

/// <summary>What a peer is told at its start. Durations are in milliseconds. The defaults are Apache's.</summary>
public sealed record PeerOptions
{
    /// <summary>Where all chance in the peer comes from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>This server's number; its lowest byte is the highest of the session ids made here (1 for a stand-alone server).</summary>
    public long ServerId { get; init; } = 1;

    /// <summary>The servers of the ensemble, this one among them; null for a server that stands alone.</summary>
    public EnsembleConfig? Ensemble { get; init; }

    /// <summary>How the ensemble elects its leader; the same on all of its servers.</summary>
    public ElectionAlgorithm ElectionAlg { get; init; } = ElectionAlgorithm.Fast;

    /// <summary>Ticks that joining a leader, or finding a quorum, may take.</summary>
    public int InitLimit { get; init; } = 10;

    /// <summary>Ticks for which a leader and a learner may not hear of each other.</summary>
    public int SyncLimit { get; init; } = 5;

    /// <summary>
    /// New sessions are known to the server that made them alone, until they make an ephemeral znode (<c>localSessionsEnabled</c>).
    /// </summary>
    public bool LocalSessions { get; init; }

    /// <summary>A local session that makes an ephemeral znode becomes one of the ensemble; otherwise it is refused that.</summary>
    public bool UpgradesLocalSessions { get; init; }

    /// <summary>While there is no leader, clients that content themselves with reads are served (<c>readonlymode.enabled</c>).</summary>
    public bool ServesReadOnly { get; init; }

    /// <summary>Followers serve observers at a port of their own, and observers go there (<c>observerMasterPort</c>).</summary>
    public bool FollowersServeObservers { get; init; }

    /// <summary>The unit of session expiry.</summary>
    public int TickTime { get; init; } = 3000;

    public int MinSessionTimeout { get; init; } = 6000;

    public int MaxSessionTimeout { get; init; } = 60000;

    /// <summary>
    /// Longest transaction, in bytes: whoever reads a log takes a longer one for damage (<c>jute.maxbuffer</c> and its
    /// <c>extrasize</c> together).
    /// </summary>
    public int MaxTxn { get; init; } = 2 * 0xfffff;

    /// <summary>Identities that a connection may add to the address it has.</summary>
    public int MaxIdentities { get; init; } = 1000;

    /// <summary>Requests under way above which connections that have one are no longer read (<c>globalOutstandingLimit</c>).</summary>
    public int OutstandingLimit { get; init; } = 1000;

    /// <summary>Bytes of requests under way above which no connection is read, whatever their number.</summary>
    public long OutstandingBytesLimit { get; init; } = 64 * 1024 * 1024;

    public bool ExtendedTypesEnabled { get; init; }

    public bool Emulate353TtlNodes { get; init; }

    public bool DigestEnabled { get; init; } = true;

    public bool CloseSessionTxnEnabled { get; init; } = true;

    public bool SerializeLastProcessedZxid { get; init; } = true;

    public bool SkipAcl { get; init; }

    public bool EnforceQuota { get; init; }

    /// <summary><c>super:&lt;base64&gt;</c>: the digest identity that may do everything; null for none.</summary>
    public string? SuperDigest { get; init; }

    public bool DigestAuthenticationEnabled { get; init; } = true;

    /// <summary>The hash of digest identities: SHA1, SHA-256, SHA-384, SHA-512 or MD5.</summary>
    public string DigestAlgorithm { get; init; } = "SHA1";

    /// <summary>Schemes of which a connection must hold one before it may ask for anything; empty when not enforced.</summary>
    public IReadOnlyList<string> EnforcedAuthSchemes { get; init; } = [];

    /// <summary>Transactions between two snapshots: drawn anew each time, between half of this and all of it.</summary>
    public int SnapCount { get; init; } = 100_000;

    /// <summary>Bytes of log between two snapshots, drawn likewise; 0 or less for no limit.</summary>
    public long SnapSizeLimit { get; init; } = 4_194_304L * 1024;

    public int ContainerCheckInterval { get; init; } = 60_000;

    /// <summary>Containers and TTL nodes that may be removed in a minute.</summary>
    public int ContainerMaxPerMinute { get; init; } = 10_000;

    /// <summary>Age at which a container that never had a child is removed; 0 for never.</summary>
    public long ContainerMaxNeverUsed { get; init; }

    internal EphemeralOwner OwnerTypes => new(ExtendedTypesEnabled, Emulate353TtlNodes);
}
