using System.Globalization;
using Quoll.Core.Quorum;

namespace Quoll.Tests.Core.Quorum;

/// <summary>Which servers are a quorum, against Apache's <c>QuorumMaj</c> and <c>QuorumHierarchical</c>.</summary>
public sealed class QuorumVerifierTests
{
    [Fact]
    public void A_majority_is_more_than_half_of_the_voters()
    {
        for (var voters = 1; voters <= 9; voters++)
        {
            var majority = new Majority(Enumerable.Range(1, voters).Select(id => (long)id).ToHashSet());
            for (var count = 0; count <= voters; count++)
                Assert.Equal(count * 2 > voters, majority.IsQuorum([.. Enumerable.Range(1, count).Select(id => (long)id)]));
        }
    }

    [Fact]
    public void Who_does_not_vote_counts_for_nothing()
    {
        Assert.False(new Majority(new HashSet<long> { 1, 2, 3 }).IsQuorum([1, 4, 5, 6]));
        Assert.False(Groups("1:2:3").IsQuorum([1, 4, 5, 6]));
    }

    [Theory]
    [InlineData("1 2 4 5", true)]
    [InlineData("1 2 3", false)]
    [InlineData("1 2 4 7", false)]
    [InlineData("2 3 8 9", true)]
    [InlineData("1 2 3 4 5 6 7 8 9", true)]
    [InlineData("", false)]
    public void A_quorum_wins_more_than_half_of_the_groups(string servers, bool isQuorum)
    {
        Assert.Equal(isQuorum, Groups("1:2:3 4:5:6 7:8:9").IsQuorum(Ids(servers)));
    }

    [Theory]
    [InlineData("1", false)]
    [InlineData("2 3", false)]
    [InlineData("1 2", true)]
    [InlineData("1 3", true)]
    public void A_group_is_won_by_more_than_half_of_its_weight(string servers, bool isQuorum)
    {
        Assert.Equal(isQuorum, Groups("1:2:3", (1, 2)).IsQuorum(Ids(servers)));
    }

    [Fact]
    public void A_group_without_weight_is_none()
    {
        var verifier = Groups("1:2:3 4:5:6", (4, 0), (5, 0), (6, 0));

        Assert.True(verifier.IsQuorum([1, 2]));
        Assert.False(verifier.IsQuorum([1, 4, 5, 6]));
        Assert.Equal([1, 0], [verifier.WeightOf(1), verifier.WeightOf(4)]);
    }

    // What all of Zab rests on.
    [Fact]
    public void Any_two_quorums_share_a_voter()
    {
        QuorumVerifier[] verifiers =
        [
            new Majority(new HashSet<long> { 1, 2, 3, 4, 5, 6, 7, 8, 9 }), Groups("1:2:3 4:5:6 7:8:9"), Groups("1:2 3:4 5:6 7:8:9"),
            Groups("1:2:3 4:5:6 7:8:9", (1, 3), (5, 0), (9, 2)), Groups("1:2:3:4 5:6:7 8:9", (8, 0), (9, 0)),
        ];
        foreach (var verifier in verifiers)
        {
            var quorums = Enumerable.Range(0, 512).Where(set => verifier.IsQuorum(Of(set))).ToList();
            Assert.NotEmpty(quorums);
            foreach (var one in quorums)
                Assert.DoesNotContain(quorums, other => (one & other) == 0);
        }
    }

    private static long[] Of(int set) => [.. Enumerable.Range(0, 9).Where(bit => (set >> bit & 1) == 1).Select(bit => bit + 1L)];

    private static long[] Ids(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => long.Parse(id, CultureInfo.InvariantCulture))];

    private static Hierarchical Groups(string text, params (long Id, long Weight)[] weights)
    {
        var groups = new Dictionary<long, long>();
        foreach (var (index, group) in text.Split(' ').Index())
        {
            foreach (var id in Ids(group.Replace(':', ' ')))
                groups[id] = index;
        }

        return new Hierarchical(groups, weights.ToDictionary(weight => weight.Id, weight => weight.Weight));
    }
}
