using Quoll.Recipes.Queues;

namespace Quoll.Tests.Recipes;

public class QueueViewTests
{
    private readonly QueueView _view = new();

    [Fact]
    public void Nothing_is_handed_out_before_both_lists_are_known()
    {
        _view.ResetItems(["entry-100-0000000000"]);
        Assert.Null(_view.Next(0, out _));

        _view.ResetTaken([]);
        Assert.Equal("entry-100-0000000000", Next());
    }

    [Fact]
    public void Items_are_handed_out_by_priority_and_then_in_their_order()
    {
        Reset("entry-100-0000000000", "entry-100-0000000002", "entry-050-0000000001", "something else");
        var order = new List<string?>();
        while (Next() is { } name)
        {
            order.Add(name);
            _view.Take(name);
        }

        Assert.Equal(["entry-050-0000000001", "entry-100-0000000000", "entry-100-0000000002"], order);
    }

    [Fact]
    public void A_delayed_item_is_handed_out_from_its_time_on()
    {
        Reset("entry-100-1700000000123-0000000000");

        Assert.Null(_view.Next(1700000000122, out var due));
        Assert.Equal(1700000000123, due);
        Assert.Equal("entry-100-1700000000123-0000000000", _view.Next(1700000000123, out _)?.Name);
    }

    [Fact]
    public void An_item_that_is_given_back_is_at_its_old_place()
    {
        Reset("entry-100-0000000000", "entry-100-0000000001");
        _view.Take("entry-100-0000000000");
        Assert.Equal("entry-100-0000000001", Next());

        _view.GiveBack("entry-100-0000000000");

        Assert.Equal("entry-100-0000000000", Next());
    }

    [Fact]
    public void A_list_that_is_read_anew_replaces_what_was_known()
    {
        Reset("entry-100-0000000000", "entry-100-0000000001");
        _view.Take("entry-100-0000000001");

        _view.ResetItems(["entry-100-0000000001", "entry-100-0000000002"]);
        Assert.Equal("entry-100-0000000002", Next());

        _view.ResetTaken(["entry-100-0000000002"]);
        Assert.Equal("entry-100-0000000001", Next());
    }

    [Fact]
    public void What_is_heard_of_a_claim_before_its_item_counts()
    {
        Reset();
        _view.Take("entry-100-0000000000");
        _view.Add("entry-100-0000000000");
        Assert.Null(_view.Next(0, out _));

        _view.Remove("entry-100-0000000000");
        _view.GiveBack("entry-100-0000000000");
        Assert.Null(_view.Next(0, out _));
    }

    private void Reset(params string[] items)
    {
        _view.ResetItems(items);
        _view.ResetTaken([]);
    }

    private string? Next() => _view.Next(0, out _)?.Name;
}
