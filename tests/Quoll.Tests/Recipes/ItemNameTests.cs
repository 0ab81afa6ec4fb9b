using Quoll.Recipes.Queues;

namespace Quoll.Tests.Recipes;

public class ItemNameTests
{
    [Theory]
    [InlineData("entry-100-0000000007", 100, 0, 7)]
    [InlineData("entry-000-2147483647", 0, 0, int.MaxValue)]
    [InlineData("entry-100--2147483648", 100, 0, int.MinValue)]
    [InlineData("entry-100--000000005", 100, 0, -5)]
    [InlineData("entry-005-1700000000123-0000000001", 5, 1700000000123, 1)]
    [InlineData("entry-005-1700000000123--2147483648", 5, 1700000000123, int.MinValue)]
    public void A_name_says_priority_time_and_number(string name, int priority, long notBefore, int number)
    {
        Assert.True(ItemName.TryParse(name, out var item));
        Assert.Equal(new ItemName(name, priority, notBefore, number), item);
    }

    [Theory]
    [InlineData("")]
    [InlineData("entry-")]
    [InlineData("entry-10-0000000007")]
    [InlineData("entry-100-000000007")]
    [InlineData("entry-100-00000000007")]
    [InlineData("entry-100-2147483648")]
    [InlineData("entry-100-170000000012-0000000001")]
    [InlineData("entry-100-1700000000123-")]
    [InlineData("entry-1x0-0000000007")]
    [InlineData("lock-100-0000000007")]
    [InlineData("entry-100- 000000007")]
    public void What_has_another_form_is_no_item(string name) => Assert.False(ItemName.TryParse(name, out _));

    [Fact]
    public void What_is_put_in_later_comes_later_also_when_the_servers_counter_has_wrapped_kazoo_730()
    {
        string[] inOrder = ["entry-100-2147483646", "entry-100-2147483647", "entry-100--2147483648", "entry-100--2147483647"];
        var items = inOrder.Reverse().Select(Parse).ToList();

        items.Sort(ItemName.Order);

        Assert.Equal(inOrder, items.Select(item => item.Name));
    }

    [Fact]
    public void A_prefix_makes_a_name_of_what_it_was_made_from()
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1700000000123);
        Assert.Equal(new ItemName("entry-007-0000000000", 7, 0, 0), Parse(ItemName.Prefix(7, null) + "0000000000"));
        Assert.Equal(1700000000123, Parse(ItemName.Prefix(7, time) + "0000000000").NotBefore);
    }

    private static ItemName Parse(string name)
    {
        Assert.True(ItemName.TryParse(name, out var item));
        return item;
    }
}
