using Quoll.Core.Election;
using Quoll.Server.Config;

namespace Quoll.Tests.Server.Config;

public sealed class EnsembleLinesTests : ConfigScratch
{
    private static readonly string[] Three = ["server.1=a:2888:3888", "server.2=b:2888:3888", "server.3=c:2888:3888:observer"];
    private static readonly string[] Limits = ["initLimit=10", "syncLimit=5"];

    [Fact]
    public void More_server_lines_are_an_ensemble_in_which_myid_says_who_this_server_is()
    {
        Touch("myid", "2\n");

        var quorum = Good([.. Three, .. Limits]).Quorum;

        Assert.Equal((2L, "b", 10, 5), (quorum.ServerId, quorum.Self.Addresses[0].Host, quorum.InitLimit, quorum.SyncLimit));
        Assert.Equal([1L, 2L], quorum.Ensemble!.Voters.Order());
        Assert.True(quorum.Ensemble.Members[3].IsObserver);
    }

    [Theory]
    [InlineData(null, "can't be read")]
    [InlineData("two", "says 'two': expected the number of this server, one of 1, 2, 3")]
    [InlineData("4", "there is no server.4: the servers are 1, 2, 3")]
    [InlineData("", "says ''")]
    public void A_server_that_does_not_know_who_it_is_does_not_start(string? myId, string why)
    {
        if (myId is not null)
            Touch("myid", myId);

        Assert.Contains(why, OnlyError([.. Three, .. Limits]).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 3)]
    [InlineData("3", 3)]
    [InlineData("0", 0)]
    public void An_ensemble_elects_its_leaders_as_electionAlg_says_and_conf_tells(string? value, int told)
    {
        Touch("myid", "2\n");

        var config = Good([.. Three, .. Limits, .. value is null ? Array.Empty<string>() : [$"electionAlg={value}"]]);

        Assert.Equal((ElectionAlgorithm)told, config.Quorum.ElectionAlg);
        var conf = ConfCommand.Render(config, 2181, default);
        Assert.Contains($"\nelectionAlg={told}\n", conf, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("fast")]
    public void Of_the_other_numbers_for_elections_none_is_taken(string value)
    {
        var error = OnlyError($"electionAlg={value}");

        Assert.StartsWith($"electionAlg={value}: expected 3 (fast leader election) or 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ensemble_needs_its_limits()
    {
        Touch("myid", "1");

        var errors = ReadWith(Three).Errors;

        Assert.Equal(["initLimit", "syncLimit"], errors.Select(error => error.Message.Split(' ')[0]));
    }

    [Theory]
    [InlineData("group.1=1:2", "server 2 is in a group already", "group.2=2")]
    [InlineData("group.1=1", "server 2 is a participant and in no group", "weight.1=2")]
    [InlineData("weight.9=1", "server 9 is in a group or has a weight, and is no participant", "")]
    [InlineData("weight.1=-1", "a weight of at least 0", "")]
    [InlineData("group.1=1:x", "expected the numbers of servers", "")]
    public void Groups_and_weights_must_make_sense(string line, string why, string other)
    {
        Touch("myid", "1");

        Assert.Contains(why, OnlyError([.. Three, .. Limits, line, other]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_servers_may_stand_in_a_file_of_their_own_whose_name_ends_in_the_version()
    {
        Touch("myid", "1");
        var file = Path.Combine(Root, "zoo.cfg.dynamic.10000000a");
        File.WriteAllLines(file, ["server.1=127.0.0.1:2888:3888;127.0.0.1:2182", .. Three[1..]]);

        var config = ReadText($"dataDir={DataDir}\ninitLimit=10\nsyncLimit=5\ndynamicConfigFile={file}").Config!;

        Assert.Equal(0x10000000aL, config.Quorum.Ensemble!.Version);
        Assert.Equal(2182, config.Listen.Port);
    }

    [Fact]
    public void With_such_a_file_the_main_one_has_no_servers_and_it_has_nothing_else()
    {
        var file = Path.Combine(Root, "dynamic");
        File.WriteAllLines(file, ["tickTime=1"]);

        var errors = ReadWith($"dynamicConfigFile={file}", Three[0]).Errors;

        Assert.Contains(errors, error => error.Message.Contains("belongs into the file", StringComparison.Ordinal));
        Assert.Contains(errors, error => error.Message.StartsWith("tickTime: such a file has lines", StringComparison.Ordinal));
    }

    [Fact]
    public void A_single_server_may_be_an_ensemble_of_one()
    {
        Touch("myid", "7");

        Assert.Equal(7, Good([.. Limits, "server.7=localhost:2888:3888", "standaloneEnabled=false"]).Quorum.ServerId);
    }

    [Fact]
    public void The_list_says_who_is_an_observer()
    {
        Touch("myid", "3");

        Assert.Contains("server.3 says otherwise", ReadWith([.. Three, .. Limits, "peerType=participant"]).Warnings.Single().Message,
            StringComparison.Ordinal);
    }

    private void Touch(string name, string text)
    {
        Directory.CreateDirectory(DataDir);
        File.WriteAllText(Path.Combine(DataDir, name), text);
    }
}
