using Quoll.Core.Quorum;

namespace Quoll.Tests.Core.Quorum;

/// <summary>The lines <c>server.N=...</c>, and the text that servers tell each other, against Apache's <c>QuorumServer</c>.</summary>
public sealed class EnsembleConfigTests
{
    [Theory]
    [InlineData("h:2888:3888", "h:2888:3888:participant")]
    [InlineData("h:2888:3888:participant", "h:2888:3888:participant")]
    [InlineData("h:2888:3888:OBSERVER", "h:2888:3888:observer")]
    [InlineData("h:2888:3888;2181", "h:2888:3888:participant;0.0.0.0:2181")]
    [InlineData("h:2888:3888:observer;c:2181", "h:2888:3888:observer;c:2181")]
    [InlineData("[2001:db8::1]:2888:3888;[::1]:2181", "[2001:db8::1]:2888:3888:participant;[::1]:2181")]
    [InlineData("b:1:2|a:3:4", "a:3:4|b:1:2:participant")]
    [InlineData("b:1:2:observer|a:3:4:observer;5", "a:3:4|b:1:2:observer;0.0.0.0:5")]
    [InlineData("b:1:2|a:3:4:observer", "a:3:4|b:1:2:observer")]
    public void A_line_is_told_as_apaches_server_tells_it(string line, string told)
    {
        Assert.Equal(told, Member.Parse(1, line, out var error)?.ToString() ?? error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("h:2888")]
    [InlineData(":2888:3888")]
    [InlineData("h:2888:3888:leader")]
    [InlineData("h:2888:3888:participant:5")]
    [InlineData("h:x:3888")]
    [InlineData("h:0:3888")]
    [InlineData("h:2888:70000")]
    [InlineData("h:2888:-1")]
    [InlineData("h:2888:2888")]
    [InlineData("h:2888:3888;a:b:2181")]
    [InlineData("h:2888:3888;x")]
    [InlineData("h:1:2:participant|g:3:4:observer")]
    public void A_line_that_apaches_server_refuses_is_refused(string line)
    {
        Assert.Null(Member.Parse(1, line, out var error));
        Assert.NotNull(error);
    }

    [Fact]
    public void The_text_has_a_line_for_each_server_and_its_version_without_an_end_of_line()
    {
        var config = new EnsembleConfig([Of(3, ":observer"), Of(1), Of(2)], version: 0x100000000);

        Assert.Equal(
            "server.1=h1:2888:3888:participant;0.0.0.0:2181\nserver.2=h2:2888:3888:participant;0.0.0.0:2181\n"
            + "server.3=h3:2888:3888:observer;0.0.0.0:2181\nversion=100000000",
            config.ToString());
        Assert.Equal([1L, 2L], config.Voters.Order());
    }

    // Apache's server fills in the weights that were not told, and tells all of them.
    [Fact]
    public void The_text_of_groups_has_the_weight_of_each_voter()
    {
        var groups = new Dictionary<long, long> { [1] = 1, [2] = 1, [3] = 2 };
        var config = new EnsembleConfig([Of(1), Of(2), Of(3)], groups, new Dictionary<long, long> { [2] = 5 });

        Assert.EndsWith(
            "\ngroup.1=1:2\ngroup.2=3\nweight.1=1\nweight.2=5\nweight.3=1\nversion=0", config.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_ensemble_without_voters_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(1, ":observer")]));
    }

    [Fact]
    public void With_groups_every_voter_is_in_one()
    {
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(1), Of(2)], new Dictionary<long, long> { [1] = 1 }));
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(0), Of(2)], new Dictionary<long, long> { [2] = 1 }));
    }

    // A key weight.N selects the verifier of groups, and there every voter must be in one.
    [Fact]
    public void Weights_without_groups_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(1), Of(2)], weights: new Dictionary<long, long> { [1] = 2 }));
    }

    [Fact]
    public void A_weight_of_a_stranger_is_refused()
    {
        var groups = new Dictionary<long, long> { [1] = 1 };
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(1)], groups, new Dictionary<long, long> { [7] = 2 }));
        Assert.Throws<ArgumentException>(() => new EnsembleConfig([Of(1)], groups, new Dictionary<long, long> { [0] = 2 }));
    }

    private static Member Of(long id, string role = "") => Member.Parse(id, $"h{id}:2888:3888{role};2181", out _)!;
}
