using System.Net;
using Quoll.Server.Config;

namespace Quoll.Tests.Server.Config;

public class CrossCheckTests : ConfigScratch
{
    [Fact]
    public void A_file_needs_a_data_directory_and_a_port()
    {
        var errors = ReadText("# nothing\n").Errors;

        Assert.Equal([("dataDir", "dataDir is missing"), ("clientPort", "clientPort is missing")], errors.Select(e => (e.Key!, e.Message)));
    }

    [Fact]
    public void An_address_without_a_port_is_an_error()
    {
        var error = Assert.Single(ReadText($"dataDir={DataDir}\nclientPortAddress=127.0.0.1\n").Errors);

        Assert.Equal((2, "clientPortAddress is set but clientPort is not"), (error.Line, error.Message));
    }

    [Fact]
    public void A_set_can_give_what_the_file_lacks()
    {
        var result = ReadText("tickTime=2000\n", ("dataDir", DataDir), ("clientPort", "0"));

        Assert.Empty(result.Errors);
        Assert.Equal(0, result.Config!.Listen.Port);
    }

    [Fact]
    public void The_session_timeouts_must_not_be_the_wrong_way_round()
    {
        var inverted = OnlyError("minSessionTimeout=9000", "maxSessionTimeout=8000");
        Assert.Equal("minSessionTimeout (9000 ms) must not be larger than maxSessionTimeout (8000 ms)", inverted.Message);
        Assert.Equal("maxSessionTimeout", OnlyError("maxSessionTimeout=5999").Key);
        Assert.Equal(TimeSpan.FromSeconds(60), Good("minSessionTimeout=60000").Ticks.MinSessionTimeout);
        Assert.Equal("tickTime", OnlyError("tickTime=2000000000").Key);
    }

    [Fact]
    public void A_single_server_line_is_a_stand_alone_server()
    {
        Assert.Equal(2181, Good("server.1=localhost:2888:3888").Listen.Port);
        Assert.Equal(2181, Good("server.1=[::1]:2888:3888:participant;0.0.0.0:2181").Listen.Port);

        var fromLine = ReadText($"dataDir={DataDir}\nserver.1=localhost:2888:3888;127.0.0.1:2182").Config!;
        Assert.Equal((IPAddress.Loopback, 2182), (fromLine.Listen.Address!, fromLine.Listen.Port));
    }

    [Theory]
    [InlineData("server.1=localhost:2888:3888:observer", "must be a participant")]
    [InlineData("server.1=localhost:2888:3888;2182", "differs from clientPort")]
    [InlineData("server.1=localhost:2888:3888;2181;2281", "has no TLS yet")]
    [InlineData("server.1=localhost", "expected host:port:port")]
    [InlineData("server.1=localhost:2888:3888;abc", "expected [host:]port")]
    [InlineData("server.one=localhost:2888:3888", "expected server. and a number")]
    public void A_single_server_line_must_make_sense_alone(string line, string what) =>
        Assert.Contains(what, OnlyError(line).Message, StringComparison.Ordinal);

    [Fact]
    public void Authentication_can_be_enforced_only_with_schemes_that_exist()
    {
        Assert.Equal(["digest", "ip"], Good("enforce.auth.enabled=true", "enforce.auth.schemes=digest, ip").Auth.EnforcedSchemes);
        Refused("no authentication scheme sasl", "enforce.auth.schemes=digest,sasl");
        Refused("must list the schemes");
        Refused("no authentication scheme digest", "enforce.auth.schemes=digest", "DigestAuthenticationProvider.enabled=false");

        void Refused(string what, params string[] lines) =>
            Assert.Contains(what, OnlyError(["enforce.auth.enabled=true", .. lines]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whitelist_always_has_srvr_and_a_star_is_all_words()
    {
        Assert.Equal(["ruok", "srvr"], Good("4lw.commands.whitelist=ruok").Commands.Allowed.Order());
        Assert.Equal(19, Good("4lw.commands.whitelist=stat, *").Commands.Allowed.Count);
        Assert.Contains("there is no command ruokk", OnlyWarning("4lw.commands.whitelist=ruokk,stat").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_and_snapshots_must_lie_where_they_belong()
    {
        var logDir = Path.Combine(Root, "logs");
        Touch(logDir, "snapshot.0");
        Touch(DataDir, "log.1");

        var errors = ReadWith($"dataLogDir={logDir}").Errors;

        Assert.Equal([("dataLogDir", 3), ("dataDir", 1)], errors.Select(error => (error.Key!, error.Line!.Value)));
    }

    [Fact]
    public void One_directory_may_hold_both()
    {
        Touch(DataDir, "snapshot.0");
        Touch(DataDir, "log.1");

        Good($"dataLogDir={DataDir}");
    }

    [Fact]
    public void A_missing_directory_is_an_error_only_when_it_may_not_be_created()
    {
        Good();
        Assert.Contains("does not exist", OnlyError("datadir.autocreate=false").Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(DataDir, "version-2"));
        Good("datadir.autocreate=false");
    }

    [Fact]
    public void A_file_is_no_directory() =>
        Assert.Contains("it is a file", OnlyError($"dataLogDir={CfgPath}").Message, StringComparison.Ordinal);

    [Fact]
    public void Conf_is_answered_as_Apache_answers_it() =>
        Assert.Equal(
            $"clientPort=40001\nsecureClientPort=-1\ndataDir={DataDir}/version-2\ndataDirSize=67108880\ndataLogDir={DataDir}/version-2\n"
            + "dataLogSize=457\ntickTime=2000\nmaxClientCnxns=60\nminSessionTimeout=4000\nmaxSessionTimeout=40000\n"
            + "clientPortListenBacklog=-1\nserverId=0\n",
            ConfCommand.Render(Good("tickTime=2000"), 40001, new DirectorySizes(Data: 67108880, Log: 457)));

    private static void Touch(string directory, string name)
    {
        Directory.CreateDirectory(Path.Combine(directory, "version-2"));
        File.WriteAllText(Path.Combine(directory, "version-2", name), "");
    }
}
