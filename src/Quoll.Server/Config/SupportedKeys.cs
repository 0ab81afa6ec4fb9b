using Quoll.Core.Election;
using Quoll.Storage;
using static Quoll.Server.Config.KeyKinds;

namespace Quoll.Server.Config;

/// <summary>
/// Every key that does something: name, kind, Apache's default, where it goes. The defaults are applied through the same door as
/// the operator's values, so this table is the only place that knows them.
/// </summary>
internal static class SupportedKeys
{
    /// <summary>Minimum and maximum session timeouts that stand for 2 and 20 ticks.</summary>
    public static readonly TimeSpan FromTickTime = TimeSpan.FromMilliseconds(-1);

    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        .. Server(), .. Quorum(), .. Limits(), .. Storage(), .. Tree(), .. Auth(),
    ];

    private static ConfigKey[] Server() =>
    [
        Int("clientPort", null, 0, (c, v) => c with { Listen = c.Listen with { Port = v } }, max: 65535),
        Text("clientPortAddress", null, "an IP address, or a host name that resolves to one", (c, v) =>
            TryReadAddress(v, out var address) ? c with { Listen = c.Listen with { Address = address } } : null),
        Int("clientPortListenBacklog", "-1", -1, (c, v) => c with { Listen = c.Listen with { Backlog = v } }),
        Flag("clientTcpKeepAlive", "false", (c, v) => c with { Listen = c.Listen with { TcpKeepAlive = v } }),
        Millis("tickTime", "3000", 1, (c, v) => c with { Ticks = c.Ticks with { TickTime = v } }),
        Millis("minSessionTimeout", "-1", -1, (c, v) => c with { Ticks = c.Ticks with { MinSessionTimeout = v } }),
        Millis("maxSessionTimeout", "-1", -1, (c, v) => c with { Ticks = c.Ticks with { MaxSessionTimeout = v } }),
        Millis("nio.sessionlessCnxnTimeout", "10000", 1, (c, v) => c with { Ticks = c.Ticks with { SessionlessTimeout = v } }),
        Words("4lw.commands.whitelist", "srvr", (c, v) => c with { Commands = c.Commands with { Allowed = v.ToHashSet() } }),
        Flag("readonlymode.enabled", "false", (c, v) => c with { Commands = c.Commands with { ReadOnlyMode = v } }),
    ];

    private static ConfigKey[] Quorum() =>
    [
        Int("initLimit", null, 1, (c, v) => c with { Quorum = c.Quorum with { InitLimit = v } }),
        Int("syncLimit", null, 1, (c, v) => c with { Quorum = c.Quorum with { SyncLimit = v } }),
        Text("dynamicConfigFile", null, "a file", (c, v) =>
            FullPath(v) is { } file ? c with { Quorum = c.Quorum with { DynamicFile = file } } : null),
        Flag("standaloneEnabled", "true", (c, v) => c with { Quorum = c.Quorum with { StandaloneEnabled = v } }),
        Choice("peerType", "participant", ["participant", "observer"], (c, v) => c with { Quorum = c.Quorum with { PeerType = v } }),
        Text("electionAlg", "3", "3 (fast leader election) or 0 (the basic one, over UDP); 1 and 2 Apache's servers refuse, too", (c, v) =>
            ReadElectionAlg(v) is { } alg ? c with { Quorum = c.Quorum with { ElectionAlg = alg } } : null),
        Flag("quorumListenOnAllIPs", "false", (c, v) => c with { Quorum = c.Quorum with { ListenOnAllAddresses = v } }),
        Int("observerMasterPort", "0", -1, (c, v) =>
            c with { Quorum = c.Quorum with { ObserverMasterPort = Math.Max(0, v) } }, max: 65535),
        Millis("cnxTimeout", "5000", 1, (c, v) => c with { Quorum = c.Quorum with { ConnectTimeout = v } }),
        Flag("localSessionsEnabled", "false", (c, v) => c with { Quorum = c.Quorum with { LocalSessions = v } }),
        Flag("localSessionsUpgradingEnabled", "false", (c, v) => c with { Quorum = c.Quorum with { UpgradesLocalSessions = v } }),
        Flag("tcpKeepAlive", "false", (c, v) => c with { Quorum = c.Quorum with { TcpKeepAlive = v } }),
    ];

    private static ConfigKey[] Limits() =>
    [
        Int("maxClientCnxns", "60", 0, (c, v) => c with { Limits = c.Limits with { ConnectionsPerAddress = v } }),
        Int("maxCnxns", "0", 0, (c, v) => c with { Limits = c.Limits with { Connections = v } }),
        Int("jute.maxbuffer", "1048575", 1, (c, v) => c with { Limits = c.Limits with { MaxFrame = v } }),
        Int("jute.maxbuffer.extrasize", null, 0, (c, v) => c with { Limits = c.Limits with { ExtraSize = Math.Max(1024, v) } }),
        Int("globalOutstandingLimit", "1000", 1, (c, v) => c with { Limits = c.Limits with { OutstandingRequests = v } }),
    ];

    private static ConfigKey[] Storage() =>
    [
        Text("dataDir", null, "a directory", (c, v) =>
            FullPath(v) is { } dir ? c with { Storage = c.Storage with { DataDir = dir } } : null),
        Text("dataLogDir", null, "a directory", (c, v) =>
            FullPath(v) is { } dir ? c with { Storage = c.Storage with { LogDir = dir } } : null),
        Kilobytes("preAllocSize", "65536", (c, v) => c with { Storage = c.Storage with { PreallocateBytes = v } }),
        Int("snapCount", "100000", 2, (c, v) => c with { Storage = c.Storage with { SnapshotAfterTxns = v } }) with { Floor = 2 },
        KilobytesOrOff("snapSizeLimitInKb", "4194304", (c, v) => c with { Storage = c.Storage with { SnapshotAfterLogBytes = v } }),
        KilobytesOrOff("txnLogSizeLimitInKb", "-1", (c, v) => c with { Storage = c.Storage with { LogFileBytes = v } }),
        YesNo("forceSync", "yes", (c, v) => c with { Storage = c.Storage with { ForceSync = v } }),
        Millis("fsync.warningthresholdms", "1000", 0, (c, v) => c with { Storage = c.Storage with { SlowSyncWarning = v } }),
        Choice("snapshot.compression.method", "", ["", "gz", "snappy"], (c, v) =>
            c with { Storage = c.Storage with { Compression = Compression(v) } }),
        Flag("snapshot.trust.empty", "false", (c, v) => c with { Storage = c.Storage with { TrustEmptySnapshot = v } }),
        Flag("datadir.autocreate", "true", (c, v) => c with { Storage = c.Storage with { CreateDirectories = v } }),
        Flag("db.autocreate", "true", (c, v) => c with { Storage = c.Storage with { CreateDatabase = v } }),
        Flag("serializeLastProcessedZxid.enabled", "true", (c, v) => c with { Storage = c.Storage with { SerializeLastZxid = v } }),

        // The one default that is not Apache's, which never purges until told to, and so fills disks.
        Text("autopurge.purgeInterval", "1", "a number of hours, or a number with ms, s, m, h or d behind it; 0 is never", (c, v) =>
            ReadInterval(v) is { } every ? c with { Purge = c.Purge with { Interval = every > TimeSpan.Zero ? every : null } } : null),
        Int("autopurge.snapRetainCount", "3", 3, (c, v) => c with { Purge = c.Purge with { SnapshotsKept = v } }) with { Floor = 3 },
    ];

    private static ConfigKey[] Tree() =>
    [
        Flag("digest.enabled", "true", (c, v) => c with { Tree = c.Tree with { Digest = v } }),
        Flag("extendedTypesEnabled", "false", (c, v) => c with { Tree = c.Tree with { ExtendedTypes = v } }),
        Flag("emulate353TTLNodes", "false", (c, v) => c with { Tree = c.Tree with { Emulate353TtlNodes = v } }),
        YesNo("skipACL", "no", (c, v) => c with { Tree = c.Tree with { SkipAcl = v } }),
        Flag("enforceQuota", "false", (c, v) => c with { Tree = c.Tree with { EnforceQuota = v } }),
        Flag("closeSessionTxn.enabled", "true", (c, v) => c with { Tree = c.Tree with { CloseSessionTxn = v } }),
        Millis("znode.container.checkIntervalMs", "60000", 1, (c, v) => c with { Containers = c.Containers with { CheckInterval = v } }),
        Int("znode.container.maxPerMinute", "10000", 1, (c, v) => c with { Containers = c.Containers with { MaxPerMinute = v } }),
        MillisOrOff("znode.container.maxNeverUsedIntervalMs", "0", 0, (c, v) =>
            c with { Containers = c.Containers with { MaxNeverUsed = v } }),
    ];

    private static ConfigKey[] Auth() =>
    [
        Flag("DigestAuthenticationProvider.enabled", "true", (c, v) => c with { Auth = c.Auth with { DigestEnabled = v } }),
        Choice("DigestAuthenticationProvider.digestAlg", "SHA1", ["SHA1", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"], (c, v) =>
            c with { Auth = c.Auth with { DigestAlgorithm = v.Replace("-", "", StringComparison.Ordinal) } }),
        Text("DigestAuthenticationProvider.superDigest", null, "name:digest in base64, as in super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
            (c, v) => IsDigestId(v) ? c with { Auth = c.Auth with { SuperDigest = v } } : null) with { Secret = true },
        Flag("enforce.auth.enabled", "false", (c, v) => c with { Auth = c.Auth with { Enforced = v } }),
        Words("enforce.auth.schemes", "", (c, v) => c with { Auth = c.Auth with { EnforcedSchemes = v } }),
    ];

    private static string? FullPath(string text) => text.Length == 0 || text.Contains('\0') ? null : Path.GetFullPath(text);

    private static ElectionAlgorithm? ReadElectionAlg(string text) => text switch
    {
        "0" => ElectionAlgorithm.Basic,
        "3" => ElectionAlgorithm.Fast,
        _ => null,
    };

    private static SnapshotCompression Compression(string word) => word switch
    {
        "gz" => SnapshotCompression.Gzip,
        "snappy" => SnapshotCompression.Snappy,
        _ => SnapshotCompression.None,
    };

    private static bool IsDigestId(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var digest = text.AsSpan(colon + 1);
        return colon > 0 && digest.Length > 0 && Convert.TryFromBase64Chars(digest, new byte[digest.Length], out _);
    }
}
