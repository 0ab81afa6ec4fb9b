using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

public sealed class HistoryTests
{
    [Fact]
    public void What_was_purged_is_before_the_start()
    {
        var history = new History(default);
        foreach (var zxid in new[] { Z(1, 1), Z(1, 2), Z(1, 3), Z(2, 1), Z(2, 2) })
            history.Append(zxid);

        history.ForgetUpTo(Z(1, 2));

        Assert.Null(history.LastUpTo(Z(1, 1)));
        Assert.Equal(Z(1, 2), history.LastUpTo(Z(1, 2)));
        Assert.Equal(Z(1, 3), history.LastUpTo(Z(1, 9)));
        Assert.Equal(Z(2, 2), history.Last);
        Assert.Equal(SyncKind.Snapshot, SyncPlan.For(Z(1, 1), history, cutsExactly: true).Kind);
    }

    [Fact]
    public void A_whole_epoch_can_be_purged()
    {
        var history = new History(default);
        foreach (var zxid in new[] { Z(1, 1), Z(1, 2), Z(2, 1) })
            history.Append(zxid);

        history.ForgetUpTo(Z(1, 2));

        Assert.False(history.HasEpoch(1));
        Assert.Equal(Z(2, 1), history.LastUpTo(Z(3, 1)));
    }

    [Fact]
    public void A_purge_of_what_is_not_there_changes_nothing()
    {
        var history = new History(Z(1, 5));
        history.Append(Z(1, 6));

        history.ForgetUpTo(Z(1, 3));
        history.ForgetUpTo(Z(1, 9));

        Assert.Equal((Z(1, 5), Z(1, 6)), (history.Start, history.Last));
    }

    private static Zxid Z(long epoch, int counter) => new((epoch << 32) + counter);
}
