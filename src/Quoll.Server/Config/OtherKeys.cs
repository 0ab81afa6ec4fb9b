namespace Quoll.Server.Config;

/// <summary>
/// The keys of Apache ZooKeeper that do nothing here, sorted by one question: would an operator be harmed or deceived if the
/// server ran without it? Harmed: refused. Surprised: warned. Neither: ignored.
/// </summary>
internal static class OtherKeys
{
    private const string Netty = "org.apache.zookeeper.server.NettyServerCnxnFactory";
    private const string Nio = "org.apache.zookeeper.server.NIOServerCnxnFactory";
    private const string Auth = "org.apache.zookeeper.server.auth.";

    public static IReadOnlyList<ConfigKey> All { get; } = [.. Ignored(), .. Warned(), .. Refused()];

    private static IEnumerable<ConfigKey> Ignored() =>
    [
        .. Ignored("it tunes how Apache's servers find and follow each other; Quoll does so in its own way",
            "connectToLearnerMasterLimit", "quorum.cnxn.threads.size", "quorumCnxnTimeoutMs", "leaderConnectDelayDuringRetryMs",
            "multiAddress.*", "leader.*", "learner.*", "follower.*", "observer.*", "fastleader.*", "electionPortBindRetry",
            "commitLogCount", "snapshotSizeFactor", "forward_learner_requests_to_commit_processor_disabled", "enableEagerACLCheck",
            "kerberos.canonicalizeHostNames", "observerMaster.*", "sslQuorumReloadCertFiles", "version"),
        .. Ignored("it tunes threads and buffers that Quoll does not have",
            "nio.numSelectorThreads", "nio.numWorkerThreads", "nio.directBufferBytes", "nio.shutdownTimeout", "netty.*",
            "commitProcessor.*",
            "intBufferStartingSizeBytes", "request_throttler.shutdownTimeout", "watcherCleanThreshold", "watcherCleanIntervalInSeconds",
            "watcherCleanThreadsNum", "maxInProcessingDeadWatchers", "bitHashCacheSize", "maxResponseCacheSize",
            "maxGetChildrenResponseCacheSize"),
        .. Ignored("the log is synced as soon as the disk is free, all that waits at once; waiting longer gains nothing",
            "flushDelay", "maxWriteQueuePollTime", "maxBatchSize"),
        .. Ignored("it belongs to the Java machine", "jvm.pause.*", "jmx.*", "com.sun.*", "sun.*", "java.net.*"),
        .. Ignored("it is a client's setting",
            "client.secure", "clientCnxnSocket", "request.timeout", "disableAutoWatchReset", "shuffleDnsResponse", "hostProvider.*",
            "sasl.client", "sasl.client.*", "sasl.clientconfig", "server.principal", "server.realm"),
        .. Ignored("it tunes TLS or SASL, which Quoll does not have yet; the keys that turn those on are refused",
            "fips-mode", "client.certReload", "kerberos.*", "requireKerberosConfig", "security.auth_to_local", "kinit",
            "allowSaslFailedClients", "ssl.quorum.*", "quorum.auth.*"),
        .. Ignored("it has no effect unless its feature is on, and the key that turns that on is warned about or refused",
            "metricsProvider.*", "audit.impl.class", "messageTracker.BufferSize", "pathStats.*",
            "IPAuthenticationProvider.usexforwardedfor", "ensembleAuthName"),
    ];

    private static IEnumerable<ConfigKey> Warned() =>
    [
        Warn("admin.enableServer", "no HTTP admin server is started; use the four-letter words", "false"),
        Warn("admin.*", "no HTTP admin server is started, so this has no effect"),
        Warn("reconfigEnabled", "every reconfig request is refused", "false"),
        Warn("metricsProvider.className", "no metrics endpoint is opened; use the four-letter word mntr",
            "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider", "org.apache.zookeeper.metrics.impl.NullMetricsProvider"),
        Warn("syncEnabled", "an observer keeps its log on disk", "true"),
        Warn("leaderServes", "a leader serves clients too", "yes"),
        Warn("forceSnapshotSync", "a learner is sent the part of the log that it lacks, where the leader has it", "false"),
        Warn("connection_throttle_*", "connections are not throttled; maxClientCnxns and maxCnxns limit them"),
        Warn("request_throttle_*", "requests are not throttled apart; globalOutstandingLimit limits them"),
        Warn("request_stale_*", "requests of connections that have gone are dropped; latency is not looked at"),
        Warn("throttled_op_wait_time", "no request is answered ThrottledOp; globalOutstandingLimit limits what waits", "0"),
        Warn("largeRequestThreshold", "large requests wait until those before them are done; none is refused", "-1"),
        Warn("largeRequestMaxBytes", "64 MB of requests may be under way at once; more wait in their sockets"),
        Warn("superUser", "nobody can become this user, since Quoll has no SASL yet; use DigestAuthenticationProvider.superDigest"),
        Warn("superUser.*", "nobody can become this user, since Quoll has no SASL yet; use DigestAuthenticationProvider.superDigest"),
        Warn("SASLAuthenticationProvider.superPassword", "nobody can log in with it, since Quoll has no SASL yet") with { Secret = true },
        Warn("X509AuthenticationProvider.superUser", "nobody can become this user, since Quoll has no TLS yet"),
        Warn("letAnySaslUserDoX", "nobody has a SASL user, since Quoll has no SASL yet"),
        Warn("messageTracker.Enabled", "messages are not kept for error reports", "false"),
        Warn("pathStats.enabled", "no statistics by path are collected", "false"),
        Warn("controllerPort", "the test controller is not started"),
        Warn("testingonly.initialZxid", "a new database starts at zxid 0"),
        Warn("test.allowDiscontinuousProposals", "zxids stay continuous", "false"),
    ];

    private static IEnumerable<ConfigKey> Refused() =>
    [
        Refuse("secureClientPort", "Quoll has no TLS yet, and clients that rely on it would find no listener; remove it"),
        Refuse("secureClientPortAddress", "Quoll has no TLS yet; remove it"),
        Refuse("client.portUnification", "Quoll has no TLS yet, so the client port takes plain connections only; remove it", "false"),
        Refuse("ssl.*", "Quoll has no TLS yet, and connections would not be protected as this asks; remove it") with { Secret = true },
        Refuse("sessionRequireClientSASLAuth", "Quoll has no SASL yet, so no client could satisfy this; remove it", "false"),
        Refuse("sasl.serverconfig", "Quoll has no SASL yet, and clients that rely on it would stay unauthenticated; remove it"),
        Refuse("java.security.auth.login.config",
            "Quoll has no SASL yet, and clients that rely on it would stay unauthenticated; remove it"),
        Refuse("authProvider.*", "Quoll cannot load this authentication provider, and access would be decided without it; remove it",
            Auth + "DigestAuthenticationProvider", Auth + "IPAuthenticationProvider"),
        Refuse("serverCnxnFactory", "Quoll cannot load a Java connection factory; remove it", Nio, Netty),
        Refuse("watchManagerName", "Quoll cannot load a Java watch manager; remove it",
            "org.apache.zookeeper.server.watch.WatchManager", "org.apache.zookeeper.server.watch.WatchManagerOptimized"),
        Refuse("audit.enable", "Quoll writes no audit log yet, and one would be missing where it is counted on; set it to false", "false"),
        Refuse("oraclePath", "Quoll cannot ask an oracle for the missing vote of two servers; remove it"),
        Refuse("sslQuorum", "Quoll has no TLS yet, and the servers would talk unprotected; remove it", "false"),
        Refuse("portUnification", "Quoll has no TLS yet; remove it", "false"),
        Refuse("quorum.auth.enableSasl", "Quoll has no SASL yet, and servers that rely on it would not talk to it; remove it", "false"),
    ];

    private static IEnumerable<ConfigKey> Ignored(string why, params string[] names) =>
        names.Select(name => Named(name, Standing.Ignored, why));

    private static ConfigKey Warn(string name, string instead, params string[] harmless) =>
        Named(name, Standing.Warned, instead) with { Harmless = harmless };

    private static ConfigKey Refuse(string name, string instead, params string[] harmless) =>
        Named(name, Standing.Refused, instead) with { Harmless = harmless };

    private static ConfigKey Named(string name, Standing standing, string instead) =>
        new(name.TrimEnd('*'), standing) { Instead = instead, IsPrefix = name.EndsWith('*') };
}
