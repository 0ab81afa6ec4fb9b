using System.Net;
using Quoll.Server.Config;
using Quoll.Storage;

namespace Quoll.Tests.Server.Config;

public class ServerConfigReaderTests : ConfigScratch
{
    private const string DebianSample = """
        # The number of milliseconds of each tick
        tickTime=2000
        # The number of ticks that the initial 
        # synchronization phase can take
        initLimit=10
        # sending a request and getting an acknowledgement
        syncLimit=5
        # the directory where the snapshot is stored.
        dataDir={0}
        # Place the dataLogDir to a separate physical disc for better performance
        # dataLogDir=/disk2/zookeeper

        # the port at which the clients will connect
        clientPort=2181

        # specify all zookeeper servers
        #server.1=zookeeper1:2888:3888
        #server.2=zookeeper2:2888:3888

        # To avoid seeks ZooKeeper allocates space in the transaction log file in
        # blocks of preAllocSize kilobytes.
        #preAllocSize=65536
        # leaderServes=yes
        """;

    [Fact]
    public void Debians_sample_is_read_without_a_word()
    {
        var result = ReadText(DebianSample.Replace("{0}", DataDir, StringComparison.Ordinal));

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal(CfgPath, result.Config!.File);
        Assert.Equal((DataDir, DataDir), (result.Config.Storage.DataDir, result.Config.Storage.LogDir));
        Assert.Equal(TimeSpan.FromSeconds(2), result.Config.Ticks.TickTime);
        Assert.Equal(TimeSpan.FromSeconds(4), result.Config.Ticks.MinSessionTimeout);
        Assert.Equal(TimeSpan.FromSeconds(40), result.Config.Ticks.MaxSessionTimeout);
        Assert.Equal((null, 2181), (result.Config.Listen.Address, result.Config.Listen.Port));
    }

    [Fact]
    public void Without_a_file_only_this_machine_can_reach_the_server()
    {
        var config = ServerConfigReader.Read(null, []).Config!;

        Assert.Null(config.File);
        Assert.Equal((IPAddress.Loopback, 2181), (config.Listen.Address!, config.Listen.Port));
        Assert.Equal(Path.GetFullPath("quoll-data"), config.Storage.DataDir);
    }

    [Fact]
    public void What_is_not_set_has_Apaches_default()
    {
        var config = Good();

        Assert.Equal(
            new LimitSettings
            {
                ConnectionsPerAddress = 60,
                MaxFrame = 1048575,
                ExtraSize = 1048575,
                OutstandingRequests = 1000,
            },
            config.Limits);
        Assert.Equal((65536L << 10, 100_000), (config.Storage.PreallocateBytes, config.Storage.SnapshotAfterTxns));
        Assert.Equal((4194304L << 10, null), (config.Storage.SnapshotAfterLogBytes, config.Storage.LogFileBytes));
        Assert.True(config.Storage.ForceSync && config.Tree.Digest && config.Tree.CloseSessionTxn && config.Auth.DigestEnabled);
        Assert.False(config.Tree.SkipAcl || config.Tree.ExtendedTypes || config.Tree.EnforceQuota || config.Auth.Enforced);
        Assert.Equal((SnapshotCompression.None, "SHA1"), (config.Storage.Compression, config.Auth.DigestAlgorithm));
        Assert.Equal(-1, config.Listen.Backlog);
        Assert.Null(config.Containers.MaxNeverUsed);
        Assert.Equal(["srvr"], config.Commands.Allowed);
    }

    [Fact]
    public void Old_files_are_purged_every_hour_unless_told_otherwise()
    {
        Assert.Equal((TimeSpan.FromHours(1), 3), (Good().Purge.Interval, Good().Purge.SnapshotsKept));
        Assert.Null(Good("autopurge.purgeInterval=0").Purge.Interval);
        Assert.Null(Good("autopurge.purgeInterval=-1").Purge.Interval);
        Assert.Equal(TimeSpan.FromHours(24), Good("autopurge.purgeInterval=24").Purge.Interval);
        Assert.Equal(TimeSpan.FromMinutes(90), Good("autopurge.purgeInterval=90m").Purge.Interval);
        Assert.Equal(TimeSpan.FromMilliseconds(500), Good("autopurge.purgeInterval=500ms").Purge.Interval);
        Assert.Contains("expected a number of hours", OnlyError("autopurge.purgeInterval=1w").Message, StringComparison.Ordinal);
        Assert.Contains("expected a number of hours", OnlyError("autopurge.purgeInterval=999999999999d").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Units_of_the_file_become_types()
    {
        var config = Good(
            "preAllocSize=16", "snapSizeLimitInKb=0", "txnLogSizeLimitInKb=8", "fsync.warningthresholdms=20",
            "snapshot.compression.method=GZ", "jute.maxbuffer=0x400", "jute.maxbuffer.extrasize=5",
            "DigestAuthenticationProvider.digestAlg=SHA-256");

        Assert.Equal((16384L, 8192L), (config.Storage.PreallocateBytes, config.Storage.LogFileBytes));
        Assert.Null(config.Storage.SnapshotAfterLogBytes);
        Assert.Equal(TimeSpan.FromMilliseconds(20), config.Storage.SlowSyncWarning);
        Assert.Equal((SnapshotCompression.Gzip, "SHA256"), (config.Storage.Compression, config.Auth.DigestAlgorithm));
        Assert.Equal((1024, 1024), (config.Limits.MaxFrame, config.Limits.ExtraSize));
    }

    [Fact]
    public void A_key_may_carry_the_prefix_of_its_Java_property()
    {
        Assert.Equal(7, Good("zookeeper.snapCount=7").Storage.SnapshotAfterTxns);
        Assert.Equal(7, Good("zookeeper.jute.maxbuffer=7").Limits.MaxFrame);
        Assert.Contains("isro", Good("readonlymode.enabled=true").Commands.Allowed);
    }

    [Fact]
    public void A_set_overrides_the_file_without_a_warning()
    {
        var result = ReadText($"dataDir={DataDir}\nclientPort=2181\nsnapCount=5", ("zookeeper.snapCount", "6"), ("snapCount", "7"));

        Assert.Empty(result.Warnings);
        Assert.Equal(7, result.Config!.Storage.SnapshotAfterTxns);
    }

    [Fact]
    public void A_set_that_is_wrong_is_named_as_such()
    {
        var result = ServerConfigReader.Read(null, [new("tickTime", "0")]);

        Assert.Equal(
            new ConfigProblem("--set tickTime=0: expected a whole number, 1 or more", "tickTime", null, null),
            Assert.Single(result.Errors));
    }

    [Fact]
    public void A_second_line_for_a_key_is_a_warning_at_the_line_that_lost()
    {
        var warning = OnlyWarning("tickTime=1000", "zookeeper.tickTime=2000");

        Assert.Equal((3, "tickTime"), (warning.Line, warning.Key));
        Assert.Contains("set again on line 4", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_is_reported_with_its_line_and_what_was_expected()
    {
        var result = ReadText(
            "tickTime=abc\nmaxCnxns=-1\nforceSync=true # really\nskipACL=true\nclientPort=99999\nbad=\\u1\nsecureClientPort=2281\n");

        Assert.Null(result.Config);
        Assert.Equal(
            [
                $"{CfgPath}, line 6: bad: \\u must be followed by four hexadecimal digits (a backslash is written \\\\)",
                $"{CfgPath}, line 1: tickTime=abc: expected a whole number, 1 or more",
                $"{CfgPath}, line 2: maxCnxns=-1: expected a whole number, 0 or more",
                $"{CfgPath}, line 3: forceSync=true # really: expected yes or no; a comment needs a line of its own",
                $"{CfgPath}, line 4: skipACL=true: expected yes or no",
                $"{CfgPath}, line 5: clientPort=99999: expected a whole number from 0 to 65535",
                $"{CfgPath}, line 7: secureClientPort=2281 is refused: Quoll has no TLS yet, "
                    + "and clients that rely on it would find no listener; remove it",
                $"{CfgPath}: dataDir is missing",
            ],
            result.Errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("globalOutstandingLimit=010")]
    [InlineData("globalOutstandingLimit=")]
    [InlineData("globalOutstandingLimit=1.5")]
    [InlineData("globalOutstandingLimit=2147483648")]
    [InlineData("globalOutstandingLimit=99999999999999999999")]
    [InlineData("digest.enabled=yes")]
    [InlineData("snapshot.compression.method=zip")]
    [InlineData("dataLogDir=")]
    [InlineData("clientPortAddress=300.1.1.1")]
    [InlineData("clientPortAddress=no such host")]
    [InlineData("minSessionTimeout=0")]
    [InlineData("DigestAuthenticationProvider.digestAlg=rot13")]
    public void A_bad_value_is_an_error(string line)
    {
        var error = OnlyError(line);

        Assert.Equal((line.Split('=')[0], 3), (error.Key, error.Line));
        Assert.Contains("expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_is_not_shown()
    {
        var error = OnlyError("DigestAuthenticationProvider.superDigest=hunter2");

        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        const string Super = "super:D/InIHSb7yEEbrWz8b9l71RjZJU=";
        Assert.Equal(Super, Good($"DigestAuthenticationProvider.superDigest={Super}").Auth.SuperDigest);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_an_error()
    {
        var missing = ServerConfigReader.Read(Path.Combine(Root, "none.cfg"), []);
        Assert.Contains(missing.Errors, error => error.ToString().Contains("none.cfg: cannot be read", StringComparison.Ordinal));

        File.WriteAllBytes(CfgPath, new byte[(1 << 20) + 1]);
        Assert.Contains(ServerConfigReader.Read(CfgPath, []).Errors, error => error.Message.Contains("1 MiB", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("0.0.0.0", null)]
    [InlineData("::", null)]
    public void An_address_to_listen_on_is_resolved(string text, string? address) =>
        Assert.Equal(address, Good($"clientPortAddress={text}").Listen.Address?.ToString());
}
