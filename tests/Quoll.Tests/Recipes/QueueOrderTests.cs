using Quoll.Recipes;
using Quoll.Recipes.Queueing;

namespace Quoll.Tests.Recipes;

/// <summary>Whose turn it is, from names alone.</summary>
public sealed class QueueOrderTests
{
    [Theory]
    [InlineData("_c_5f0c-lock-0000000007", 7)]
    [InlineData("5f0c__lock__0000000007", 7)]
    [InlineData("_c_5f0c-lock-2147483647", int.MaxValue)]
    [InlineData("_c_5f0c-lock--2147483648", int.MinValue)]
    [InlineData("_c_5f0c-lock--000000005", -5)]
    public void The_number_of_a_name_is_read_as_servers_write_it_kazoo_730(string name, int number)
    {
        Assert.True(QueueEntry.TryParse(name, out var entry));
        Assert.Equal(number, entry.Number);
    }

    [Theory]
    [InlineData("somebody-elses")]
    [InlineData("_c_5f0c-lock-7")]
    [InlineData("_c_5f0c-lock-00000000x7")]
    [InlineData("_c_5f0c-lock-99999999999")]
    public void What_is_no_name_of_a_queue_is_nobodys_place_in_it(string name) => Assert.False(QueueEntry.TryParse(name, out _));

    [Fact]
    public void After_the_largest_number_comes_the_smallest_and_whoever_has_it_waits_kazoo_730()
    {
        var standing = QueueOrder.Of(["a-lock-2147483646", "b-lock-2147483647", "c-lock--2147483648"], "c-lock--2147483648");

        Assert.Equal("b-lock-2147483647", standing.Blocker);
        Assert.Equal(2, standing.Position);
    }

    [Fact]
    public void Readers_do_not_wait_for_writers_that_came_later_kazoo_649()
    {
        string[] names = ["r__READ__0000000001", "w__WRIT__0000000002", "s__READ__0000000003"];

        Assert.True(QueueOrder.Of(names, names[0]).IsTurn);
        Assert.Equal(names[0], QueueOrder.Of(names, names[1]).Blocker);
        Assert.Equal(names[1], QueueOrder.Of(names, names[2]).Blocker);
    }

    [Fact]
    public void A_place_that_is_not_among_the_children_is_no_place_CURATOR_307() =>
        Assert.False(QueueOrder.Of(["a-lock-0000000001"], "b-lock-0000000002").IsThere);

    [Fact]
    public void In_any_queue_of_exclusive_places_one_has_the_turn_and_everybody_else_waits_for_the_one_before_him()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var start = random.Next();
            var names = Enumerable.Range(0, random.Next(1, 30))
                .Select(i => QueueEntry.Prefix((NameStyle)random.Next(2), QueueKind.Exclusive, Guid.NewGuid()) + Written(start + i))
                .ToArray();
            var shuffled = names.ToArray();
            random.Shuffle(shuffled);

            Assert.Null(QueueOrder.Of(shuffled, names[0]).Blocker);
            for (var i = 1; i < names.Length; i++)
                Assert.Equal(names[i - 1], QueueOrder.Of(shuffled, names[i]).Blocker);
        }
    }

    [Fact]
    public void Leases_go_to_the_first_of_as_many_as_there_are()
    {
        string[] names = ["a-lease-0000000001", "b-lease-0000000002", "c-lease-0000000003"];

        Assert.True(QueueOrder.Of(names, names[1], leases: 2).IsTurn);
        Assert.False(QueueOrder.Of(names, names[2], leases: 2).IsTurn);
    }

    // As String.format("%010d") of Java does it.
    private static string Written(int number) =>
        number < 0 ? "-" + (-(long)number).ToString("D9", System.Globalization.CultureInfo.InvariantCulture)
            : number.ToString("D10", System.Globalization.CultureInfo.InvariantCulture);
}
