using Quoll.Core.Quorum;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

/// <summary>A transaction is committed once a quorum of voters has it, and all before it, on disk.</summary>
public sealed class CommitRuleTests
{
    [Theory]
    [InlineData(5, "4 3", 4)]
    [InlineData(1, "4 3", 3)]
    [InlineData(5, "0 0", 0)]
    [InlineData(0, "7 7", 7)]
    public void Of_three_it_is_what_the_second_has(int own, string others, int held)
    {
        Assert.Equal(Z.Of(1, held), Held(SteppedServer.Config(3), own, others));
    }

    [Theory]
    [InlineData(9, "8 7 6 5", 7)]
    [InlineData(1, "8 7 6 5", 6)]
    [InlineData(9, "8", 0)]
    public void Of_five_it_is_what_the_third_has(int own, string others, int held)
    {
        Assert.Equal(Z.Of(1, held), Held(SteppedServer.Config(5), own, others));
    }

    [Fact]
    public void Of_groups_it_is_what_enough_of_them_have()
    {
        var groups = new Dictionary<long, long> { [1] = 1, [2] = 1, [3] = 2, [4] = 2, [5] = 3, [6] = 3, [7] = 1, [8] = 2, [9] = 3 };
        var config = new EnsembleConfig(SteppedServer.Config(9).Members.Values, groups);

        // Groups 1 (servers 1, 2, 7) and 2 (3, 4, 8) have a majority of theirs up to 4.
        Assert.Equal(Z.Of(1, 4), Held(config, 9, "8 5 4 1 1 1 1 1"));
    }

    [Fact]
    public void It_is_the_same_as_by_trying_every_number()
    {
        var random = new Random(1);
        for (var run = 0; run < 500; run++)
        {
            var voters = random.Next(1, 8);
            var has = Enumerable.Range(0, voters).Select(_ => random.Next(1, 6)).ToArray();
            var config = SteppedServer.Config(voters);
            var expected = Enumerable.Range(0, 6).Last(zxid => has.Count(one => one >= zxid) * 2 > voters);

            Assert.Equal(Z.Of(1, expected), Held(config, has[0], string.Join(' ', has[1..])));
        }
    }

    [Fact]
    public void An_observer_does_not_count()
    {
        var set = new LearnerSet(1, SteppedServer.Config(3, observers: 2));
        foreach (var observer in new[] { 4, 5 })
        {
            set.Add(new LearnerHandler(new Link(null))
            {
                Server = observer, IsObserver = true, State = HandlerState.Active, Acked = Z.Of(1, 9),
            });
        }

        Assert.Equal(default, set.HeldByQuorum(Z.Of(1, 9)));
        Assert.False(set.HasQuorum(_ => true));
    }

    [Fact]
    public void Who_is_not_active_yet_does_not_count()
    {
        var set = new LearnerSet(1, SteppedServer.Config(3));
        set.Add(new LearnerHandler(new Link(null)) { Server = 2, State = HandlerState.Synced, Acked = Z.Of(1, 9) });

        Assert.Equal(default, set.HeldByQuorum(Z.Of(1, 9)));
    }

    private static Zxid Held(EnsembleConfig config, int own, string others)
    {
        var set = new LearnerSet(1, config);
        foreach (var (index, has) in others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Index())
        {
            var acked = Z.Of(1, int.Parse(has, System.Globalization.CultureInfo.InvariantCulture));
            set.Add(new LearnerHandler(new Link(null)) { Server = index + 2, State = HandlerState.Active, Acked = acked });
        }

        var held = set.HeldByQuorum(Z.Of(1, own));
        return held == default ? Z.Of(1, 0) : held;
    }
}
