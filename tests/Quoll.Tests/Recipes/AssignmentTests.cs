using System.Globalization;
using System.Text;
using Quoll.Recipes.Partitioning;

namespace Quoll.Tests.Recipes;

/// <summary>How partitions are shared out, and written.</summary>
public class AssignmentTests
{
    [Fact]
    public void Partitions_are_shared_out_evenly_and_no_more_move_than_must()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var assignment = Assignment.Empty(random.Next(1, 200));
            var members = new List<string>();
            for (var step = 0; step < 30; step++)
            {
                if (members.Count == 0 || random.Next(2) == 0)
                    members.Add(Name($"{random.Next():x8}", $"{step}"));
                else
                    members.RemoveAt(random.Next(members.Count));
                var next = assignment.For(members);
                AssertIsShared(next, members);
                AssertStays(assignment, next, members);
                assignment = next;
            }
        }
    }

    [Fact]
    public void The_same_members_change_nothing()
    {
        var assignment = Assignment.Empty(100).For([Name("1", "a"), Name("2", "b"), Name("3", "c")]);

        Assert.Equal(assignment.Write(), assignment.For([Name("3", "c"), Name("2", "b"), Name("1", "a")]).Write());
        Assert.True(assignment.IsFor([Name("3", "c"), Name("2", "b"), Name("1", "a")]));
        Assert.False(assignment.IsFor([Name("3", "c"), Name("2", "b"), Name("1", "d")]));
        Assert.False(assignment.IsFor([Name("3", "c"), Name("2", "b")]));
    }

    [Fact]
    public void Who_comes_with_the_id_of_one_who_has_gone_gets_what_that_one_had()
    {
        var assignment = Assignment.Empty(10).For([Name("1", "a"), Name("2", "b-c")]);

        var next = assignment.For([Name("3", "b-c"), Name("1", "a")]);

        Assert.Equal(assignment.Of(Name("2", "b-c")), next.Of(Name("3", "b-c")));
        Assert.Equal(assignment.Of(Name("1", "a")), next.Of(Name("1", "a")));
    }

    [Fact]
    public void Without_members_nobody_has_anything_and_all_is_shared_out_again_to_the_next()
    {
        var assignment = Assignment.Empty(3).For([Name("1", "a")]).For([]);

        Assert.Empty(assignment.Members);
        Assert.Equal([0, 1, 2], assignment.For([Name("2", "b")]).Of(Name("2", "b")));
    }

    [Fact]
    public void An_assignment_is_read_as_it_was_written()
    {
        var assignment = Assignment.Empty(7).For([Name("1", "a b"), Name("2", "c")]);

        Assert.Equal("7\n0-3 1-a b\n4-6 2-c\n", Encoding.UTF8.GetString(assignment.Write()));
        Assert.Equal(assignment.Write(), Assignment.Parse(assignment.Write())!.Write());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x\n")]
    [InlineData("-1\n")]
    [InlineData("3\n0-3 a\n")]
    [InlineData("3\n1-0 a\n")]
    [InlineData("3\n1,1 a\n")]
    [InlineData("3\n0\n")]
    [InlineData("3\n0, a\n")]
    [InlineData("3\n0 a\n1 a\n")]
    public void What_is_no_assignment_is_not_read_as_one(string text) => Assert.Null(Assignment.Parse(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("", new int[0])]
    [InlineData("5", new[] { 5 })]
    [InlineData("0-2,4,6-7", new[] { 0, 1, 2, 4, 6, 7 })]
    public void Ranges_are_read_as_they_are_written(string text, int[] partitions)
    {
        Assert.Equal(text, PartitionRanges.Write(partitions));
        Assert.Equal(partitions, PartitionRanges.Parse(text, 8));
    }

    [Fact]
    public void The_largest_number_of_partitions_however_scattered_fits_into_a_znode()
    {
        var odd = Enumerable.Range(0, Quoll.Recipes.PartitionGroup.MaxPartitions).Where(partition => partition % 2 == 1);
        var even = Enumerable.Range(0, Quoll.Recipes.PartitionGroup.MaxPartitions).Where(partition => partition % 2 == 0);

        Assert.True(PartitionRanges.Write(odd).Length + PartitionRanges.Write(even).Length < 800_000);
    }

    private static void AssertIsShared(Assignment assignment, List<string> members)
    {
        Assert.Equal(members.Order(StringComparer.Ordinal), assignment.Members);
        if (members.Count == 0)
            return;
        Assert.Equal(Enumerable.Range(0, assignment.Partitions), members.SelectMany(assignment.Of).Order());
        Assert.True(members.Max(member => assignment.Of(member).Count) - members.Min(member => assignment.Of(member).Count) <= 1);
    }

    // Of those who stay, nobody loses more than what is above the share that he has now.
    private static void AssertStays(Assignment before, Assignment after, List<string> members)
    {
        foreach (var member in members.Where(before.Members.Contains))
        {
            var kept = before.Of(member).Intersect(after.Of(member)).Count();
            Assert.Equal(Math.Min(before.Of(member).Count, after.Of(member).Count), kept);
        }
    }

    private static string Name(string unique, string id) => string.Create(CultureInfo.InvariantCulture, $"{unique}-{id}");
}
