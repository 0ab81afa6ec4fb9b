using Quoll.Recipes.Barriers;

namespace Quoll.Tests.Recipes;

public class GatheringPlanTests
{
    private readonly GatheringPlan _barrier = new("/b", "ready", 3, IsLimit: false);
    private readonly GatheringPlan _queue = new("/q", "started", 3, IsLimit: true);

    [Fact]
    public void A_member_waits_until_enough_are_there_and_the_mark_does_not_count()
    {
        Assert.Equal(GatheringMove.WaitForMark, _barrier.Decide(["a", "b"], "a", false, null).Move);
        Assert.Equal(GatheringMove.WaitForMark, _queue.Decide(["a", "b", "num"], "a", false, null).Move);
        Assert.Equal(GatheringMove.WaitForMark, _barrier.Decide(["a", "b", "ready"], "a", true, ["gone"]).Move);
        Assert.Equal(GatheringMove.Complete, _barrier.Decide(["c", "a", "b"], "a", false, null).Move);
    }

    [Fact]
    public void Only_the_mark_lets_a_member_in_CURATOR_1290()
    {
        // All are there, but that is not enough: one may be about to withdraw.
        Assert.Equal(GatheringMove.Complete, _barrier.Decide(["a", "b", "c"], "a", false, null).Move);
        Assert.Equal(GatheringMove.Enter, _barrier.Decide(["a", "b", "c"], "a", true, ["a", "b", "c"]).Move);

        // Nor does it take all to be there still.
        Assert.Equal(GatheringMove.Enter, _barrier.Decide(["a"], "a", true, ["a", "b", "c"]).Move);
    }

    [Fact]
    public void A_member_whose_znode_is_gone_joins_anew()
    {
        Assert.Equal(GatheringMove.JoinAnew, _barrier.Decide(["b", "c", "d"], "a", false, null).Move);
        Assert.Equal(GatheringMove.JoinAnew, _barrier.Decide(["b"], "a", true, ["a", "b"]).Move);
    }

    [Fact]
    public void Who_comes_late_enters_a_barrier_and_waits_behind_a_queue()
    {
        Assert.Equal(GatheringMove.Enter, _barrier.Decide(["late", "b"], "late", true, ["a", "b", "c"]).Move);

        var step = _queue.Decide(["late", "b", "c"], "late", true, ["a", "b", "c"]);
        Assert.Equal((GatheringMove.WaitForMember, "b"), (step.Move, step.Other));
    }

    [Fact]
    public void A_mark_whose_members_are_all_gone_lets_nobody_in()
    {
        Assert.Equal(GatheringMove.WaitForMark, _barrier.Decide(["x"], "x", true, ["a", "b", "c"]).Move);
        Assert.Equal(GatheringMove.Complete, _barrier.Decide(["x", "y", "z"], "x", true, ["a", "b", "c"]).Move);
        Assert.Equal(GatheringMove.Complete, _queue.Decide(["x", "y", "z"], "x", true, ["a", "b", "c"]).Move);
    }

    [Fact]
    public void What_others_clients_write_into_the_mark_is_no_roster_and_holds_for_all()
    {
        Assert.Null(Roster.Decode([]));
        Assert.Null(Roster.Decode("127.0.0.1"u8));
        Assert.Equal(["a", "b"], Roster.Decode(Roster.Encode(["a", "b"]))!);
        Assert.Equal(GatheringMove.Enter, _barrier.Decide(["x"], "x", true, null).Move);
    }
}
