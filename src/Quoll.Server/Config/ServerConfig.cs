using System.Net;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Storage;

namespace Quoll.Server.Config;

/// <summary>
/// What a server is told at its start, checked and complete. The keys and their defaults are in
/// <see cref="SupportedKeys"/>; docs/operations.md says what each means.
/// </summary>
internal sealed record ServerConfig
{
    /// <summary>The file it was read from, as an absolute path; null when there was none.</summary>
    public string? File { get; init; }

    public ListenSettings Listen { get; init; } = new();
    public QuorumSettings Quorum { get; init; } = new();
    public TickSettings Ticks { get; init; } = new();
    public LimitSettings Limits { get; init; } = new();
    public StorageSettings Storage { get; init; } = new();
    public PurgeSettings Purge { get; init; } = new();
    public TreeSettings Tree { get; init; } = new();
    public ContainerSettings Containers { get; init; } = new();
    public AuthSettings Auth { get; init; } = new();
    public CommandSettings Commands { get; init; } = new();
}

internal sealed record ListenSettings
{
    /// <summary>Null: every address, of both families.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>0: any free port.</summary>
    public int Port { get; init; }

    /// <summary>-1: the operating system's own choice.</summary>
    public int Backlog { get; init; }

    public bool TcpKeepAlive { get; init; }
}

/// <summary>What a server needs to know of the ensemble it is in.</summary>
internal sealed record QuorumSettings
{
    /// <summary>Null: the server stands alone.</summary>
    public EnsembleConfig? Ensemble { get; init; }

    /// <summary>This server's number, as its file <c>myid</c> says; 0 without an ensemble.</summary>
    public long ServerId { get; init; }

    /// <summary>How leaders are elected.</summary>
    public ElectionAlgorithm ElectionAlg { get; init; }

    /// <summary>The file that lists the servers; null if the configuration itself does.</summary>
    public string? DynamicFile { get; init; }

    /// <summary>A single participant stands alone, instead of being an ensemble of one.</summary>
    public bool StandaloneEnabled { get; init; }

    /// <summary>What <c>peerType</c> says; the list of servers counts.</summary>
    public string? PeerType { get; init; }

    /// <summary>Ticks; 0 is not set.</summary>
    public int InitLimit { get; init; }

    /// <summary>Ticks; 0 is not set.</summary>
    public int SyncLimit { get; init; }

    /// <summary>Wait for connections of other servers at every address, and not only at that of the list.</summary>
    public bool ListenOnAllAddresses { get; init; }

    /// <summary>Where followers serve observers; 0: the leader serves them.</summary>
    public int ObserverMasterPort { get; init; }

    public TimeSpan ConnectTimeout { get; init; }
    public bool TcpKeepAlive { get; init; }

    public bool LocalSessions { get; init; }

    public bool UpgradesLocalSessions { get; init; }

    /// <summary>New sessions are this server's alone. One that stands alone tells nobody of them anyway.</summary>
    public bool HasLocalSessions => HasOthers && LocalSessions;

    /// <summary>The server is in an ensemble.</summary>
    public bool HasOthers => Ensemble is not null;

    /// <summary>This server in the list.</summary>
    public Member Self => Ensemble!.Members[ServerId];
}

internal sealed record TickSettings
{
    public TimeSpan TickTime { get; init; }
    public TimeSpan MinSessionTimeout { get; init; }
    public TimeSpan MaxSessionTimeout { get; init; }

    /// <summary>How long a connection may stay silent before it has a session.</summary>
    public TimeSpan SessionlessTimeout { get; init; }
}

internal sealed record LimitSettings
{
    /// <summary>0: no limit.</summary>
    public int ConnectionsPerAddress { get; init; }

    /// <summary>0: no limit.</summary>
    public int Connections { get; init; }

    /// <summary>The longest frame that is accepted, in bytes.</summary>
    public int MaxFrame { get; init; }

    /// <summary>How far a string or buffer in a record may exceed <see cref="MaxFrame"/>, in bytes.</summary>
    public int ExtraSize { get; init; }

    /// <summary>The longest transaction: what it may have grown to since it was a frame.</summary>
    public int MaxTxn => (int)Math.Min((long)MaxFrame + ExtraSize, int.MaxValue);

    public int OutstandingRequests { get; init; }
}

internal sealed record StorageSettings
{
    /// <summary>Snapshots, as an absolute path. They lie in its folder version-2.</summary>
    public string DataDir { get; init; } = "";

    /// <summary>Transaction logs; the same as <see cref="DataDir"/> unless said otherwise.</summary>
    public string LogDir { get; init; } = "";

    public long PreallocateBytes { get; init; }
    public int SnapshotAfterTxns { get; init; }

    /// <summary>Null: the size of the log never asks for a snapshot.</summary>
    public long? SnapshotAfterLogBytes { get; init; }

    /// <summary>Null: a log file ends only where a snapshot begins.</summary>
    public long? LogFileBytes { get; init; }

    /// <summary>False: a change is answered before the disk has it, and a power cut may undo it.</summary>
    public bool ForceSync { get; init; }

    public TimeSpan SlowSyncWarning { get; init; }
    public SnapshotCompression Compression { get; init; }
    public bool TrustEmptySnapshot { get; init; }
    public bool CreateDirectories { get; init; }
    public bool CreateDatabase { get; init; }

    /// <summary>Whether a snapshot ends in the last processed zxid.</summary>
    public bool SerializeLastZxid { get; init; }
}

internal sealed record PurgeSettings
{
    /// <summary>Null: old files are never removed.</summary>
    public TimeSpan? Interval { get; init; }

    public int SnapshotsKept { get; init; }
}

internal sealed record TreeSettings
{
    public bool Digest { get; init; }
    public bool ExtendedTypes { get; init; }
    public bool Emulate353TtlNodes { get; init; }
    public bool SkipAcl { get; init; }
    public bool EnforceQuota { get; init; }

    /// <summary>Whether a closeSession txn lists the ephemerals it removes.</summary>
    public bool CloseSessionTxn { get; init; }
}

internal sealed record ContainerSettings
{
    public TimeSpan CheckInterval { get; init; }
    public int MaxPerMinute { get; init; }

    /// <summary>Null: a container that never had a child stays.</summary>
    public TimeSpan? MaxNeverUsed { get; init; }
}

internal sealed record AuthSettings
{
    public bool DigestEnabled { get; init; }

    /// <summary>The name .NET knows it by: SHA1, SHA256, ...</summary>
    public string DigestAlgorithm { get; init; } = "";

    /// <summary>The digest id of the super user, <c>name:base64</c>; null: there is none.</summary>
    public string? SuperDigest { get; init; }

    public bool Enforced { get; init; }

    /// <summary>The schemes of which a connection must hold an id when <see cref="Enforced"/>.</summary>
    public IReadOnlyList<string> EnforcedSchemes { get; init; } = [];
}

internal sealed record CommandSettings
{
    /// <summary>The four-letter words that are answered. <c>srvr</c> is always one of them.</summary>
    public IReadOnlySet<string> Allowed { get; init; } = new HashSet<string>();

    internal bool ReadOnlyMode { get; init; }
}
