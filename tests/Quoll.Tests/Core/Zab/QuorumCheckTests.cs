using Quoll.Core;
using Quoll.Core.Quorum;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Tests.Core.Zab;

public sealed class QuorumCheckTests
{
    private static readonly Zxid Last = new(0x100000005);
    private readonly LearnerSet _learners;
    private readonly QuorumCheck _check;
    private readonly List<LearnerHandler> _handlers = [];

    public QuorumCheckTests()
    {
        _learners = new LearnerSet(1, new EnsembleConfig(Enumerable.Range(1, 5).Select(id => Server(id, isObserver: id == 5))));
        _check = new QuorumCheck(_learners, new PeerLane());
        for (var server = 2; server <= 5; server++)
            Add(server);
    }

    [Fact]
    public void A_quorum_that_answers_after_the_question_confirms_it()
    {
        var round = _check.Ask(Last);

        _check.OnPong(_handlers[0], Last);
        Assert.True(_check.Confirmed < round);
        _check.OnPong(_handlers[1], Last);
        Assert.Equal(round, _check.Confirmed);
    }

    [Fact]
    public void An_answer_to_an_earlier_ping_says_nothing()
    {
        _check.Ping(Last);
        var round = _check.Ask(Last);

        foreach (var handler in _handlers)
            _check.OnPong(handler, Last);
        Assert.True(_check.Confirmed < round);
        _check.OnPong(_handlers[0], Last);
        _check.OnPong(_handlers[1], Last);
        Assert.Equal(round, _check.Confirmed);
    }

    [Fact]
    public void A_question_while_one_is_under_way_waits_for_the_next_round()
    {
        var first = _check.Ask(Last);
        _check.OnPong(_handlers[0], Last);
        var second = _check.Ask(Last);
        _check.OnPong(_handlers[1], Last);

        Assert.Equal(first, _check.Confirmed);
        Assert.True(second > first);
        _check.OnPong(_handlers[0], Last);
        _check.OnPong(_handlers[1], Last);
        Assert.Equal(second, _check.Confirmed);
    }

    [Fact]
    public void An_observer_confirms_nothing_and_a_learner_that_comes_later_is_asked_with_the_next_ping()
    {
        foreach (var handler in _handlers.Take(3).ToList())
            _learners.Remove(handler);
        var round = _check.Ask(Last);
        _check.OnPong(_handlers[3], Last);
        Assert.True(_check.Confirmed < round);

        var (two, three) = (Add(2), Add(3));
        _check.Ping(Last);
        _check.OnPong(two, Last);
        _check.OnPong(three, Last);
        Assert.Equal(round, _check.Confirmed);
    }

    [Fact]
    public void An_ensemble_of_one_confirms_itself()
    {
        var alone = new LearnerSet(1, new EnsembleConfig([Server(1, isObserver: false)]));
        var check = new QuorumCheck(alone, new PeerLane());

        Assert.Equal(check.Ask(Last), check.Confirmed);
    }

    [Fact]
    public void A_learner_that_acknowledges_nothing_for_too_long_is_too_slow()
    {
        var handler = _handlers[0];
        var now = new Instant(0);
        Assert.False(handler.IsTooSlow(Last, now, 1000));
        Assert.False(handler.IsTooSlow(Last.Next, now + 999, 1000));
        Assert.True(handler.IsTooSlow(Last.Next, now + 1000, 1000));

        handler.Acked = Last;
        Assert.False(handler.IsTooSlow(Last.Next, now + 1000, 1000));
        Assert.False(handler.IsTooSlow(Last.Next, now + 1999, 1000));
    }

    private static Quoll.Core.Quorum.Member Server(long id, bool isObserver) => new(id, [new MemberAddress("h", 1, 2)], isObserver);

    private LearnerHandler Add(long server)
    {
        var handler = new LearnerHandler(new Link(null)) { Server = server, State = HandlerState.Active, IsObserver = server == 5 };
        _handlers.Add(handler);
        _learners.Add(handler);
        return handler;
    }
}
