using Quoll.Core;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

/// <summary>What a leader does for a learner, and what it knows of its own history to decide it.</summary>
public sealed class SyncPlanTests
{
    // From 2|3 on, and of that all: 2|4 to 2|6, 4|1 to 4|3, 7|1. Epochs 3, 5 and 6 had leaders who proposed nothing.
    [Theory]
    [InlineData(2, 3, SyncKind.Diff, 2, 3)]         // the start itself
    [InlineData(2, 5, SyncKind.Diff, 2, 5)]
    [InlineData(4, 2, SyncKind.Diff, 4, 2)]
    [InlineData(7, 1, SyncKind.Diff, 7, 1)]
    [InlineData(4, 0, SyncKind.Diff, 2, 6)]         // the beginning of an epoch that is ours
    [InlineData(7, 0, SyncKind.Diff, 4, 3)]
    [InlineData(2, 7, SyncKind.Truncate, 2, 6)]     // more of an epoch than we have of it
    [InlineData(3, 4, SyncKind.Truncate, 2, 6)]     // an epoch that we have nothing of
    [InlineData(4, 9, SyncKind.Truncate, 4, 3)]
    [InlineData(5, 0, SyncKind.Truncate, 4, 3)]     // the beginning of an epoch whose history we do not know
    [InlineData(9, 9, SyncKind.Truncate, 7, 1)]
    [InlineData(2, 2, SyncKind.Snapshot, 0, 0)]     // before the start
    [InlineData(1, 9, SyncKind.Snapshot, 0, 0)]
    [InlineData(0, 0, SyncKind.Snapshot, 0, 0)]
    public void A_plan_begins_with_the_last_that_both_have(int epoch, int counter, object kind, int fromEpoch, int from)
    {
        Assert.Equal(new SyncPlan((SyncKind)kind, Z.Of(fromEpoch, from)), SyncPlan.For(Z.Of(epoch, counter), History(), cutsExactly: true));
    }

    [Theory]
    [InlineData(2, 7)]
    [InlineData(3, 4)]
    [InlineData(5, 0)]
    public void Who_may_not_cut_exactly_is_sent_a_tree_instead(int epoch, int counter)
    {
        Assert.Equal(SyncKind.SnapshotOfEpoch, SyncPlan.For(Z.Of(epoch, counter), History(), cutsExactly: false).Kind);
    }

    [Fact]
    public void Who_has_nothing_is_sent_all_of_the_log_if_that_is_all()
    {
        var history = new History(default);
        history.Append(Z.Of(1, 1));

        Assert.Equal(new SyncPlan(SyncKind.Diff, default), SyncPlan.For(default, history, cutsExactly: false));
    }

    [Fact]
    public void Who_does_not_know_what_it_has_is_sent_a_tree()
    {
        Assert.Equal(SyncKind.Snapshot, SyncPlan.For(new Zxid(-1), History(), cutsExactly: true).Kind);
    }

    [Fact]
    public void A_history_goes_on_with_the_next_number_or_the_first_of_a_later_epoch()
    {
        var history = History();

        Assert.True(history.MayFollow(Z.Of(7, 2)));
        Assert.True(history.MayFollow(Z.Of(9, 1)));
        foreach (var wrong in new[] { Z.Of(7, 1), Z.Of(7, 3), Z.Of(9, 2), Z.Of(9, 0), Z.Of(6, 1), default })
        {
            Assert.False(history.MayFollow(wrong));
            Assert.Throws<InvariantViolationException>(() => history.Append(wrong));
        }
    }

    // ZOOKEEPER-4352 and 3526: numbers that are none of the ensemble's came into what is handed on.
    [Fact]
    public void ZOOKEEPER_4352_and_3526_no_number_below_the_last_comes_into_a_history()
    {
        var history = new History(default);

        Assert.Throws<InvariantViolationException>(() => history.Append(default));
        Assert.Throws<InvariantViolationException>(() => history.Append(new Zxid(-1)));
    }

    [Fact]
    public void A_tree_restarts_a_history()
    {
        var history = History();

        history.RestartAt(Z.Of(8, 0));

        Assert.Equal((Z.Of(8, 0), Z.Of(8, 0)), (history.Start, history.Last));
        Assert.Null(history.LastUpTo(Z.Of(7, 1)));
        Assert.True(history.MayFollow(Z.Of(8, 1)));
    }

    [Fact]
    public void A_transaction_is_committed_with_all_before_it_and_applied_when_it_is_on_disk()
    {
        var proposals = new Proposals(Z.Of(1, 0));
        for (var counter = 1; counter <= 3; counter++)
            proposals.Add(Z.Of(1, counter), [(byte)counter]);

        proposals.Commit(Z.Of(1, 2));
        Assert.False(proposals.TryPeekCommitted(out _));
        proposals.OnSynced(Z.Of(1, 3));

        foreach (var expected in new[] { 1, 2 })
        {
            Assert.True(proposals.TryPeekCommitted(out var proposal));
            Assert.Equal((Z.Of(1, expected), expected), (proposal.Zxid, proposal.Txn.Span[0]));
            proposals.RemoveFirst();
        }

        Assert.False(proposals.TryPeekCommitted(out _));
        Assert.Throws<InvariantViolationException>(() => proposals.Commit(Z.Of(1, 1)));
        Assert.Throws<InvariantViolationException>(() => proposals.Add(Z.Of(1, 3), [0]));
    }

    private static History History()
    {
        var history = new History(Z.Of(2, 3));
        foreach (var zxid in new[] { Z.Of(2, 4), Z.Of(2, 5), Z.Of(2, 6), Z.Of(4, 1), Z.Of(4, 2), Z.Of(4, 3), Z.Of(7, 1) })
            history.Append(zxid);
        return history;
    }
}
