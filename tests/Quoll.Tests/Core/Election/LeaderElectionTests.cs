using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>The basic algorithm, rule by rule.</summary>
public sealed class LeaderElectionTests
{
    private static readonly Zxid Has = Questioner.Has;
    private readonly Questioner _three = new(1, SteppedServer.Config(3, observers: 1));
    private readonly Questioner _five = new(1, SteppedServer.Config(5));

    [Fact]
    public void Who_looks_asks_all_other_voters_each_with_a_number_of_its_own()
    {
        _five.Look();

        Assert.Equal([2, 3, 4, 5], _five.Asked.Keys.Order());
        Assert.Equal(4, _five.Asked.Values.Distinct().Count());
        Assert.Equal([2, 3], _three.Look().Asked.Keys.Order());
    }

    [Fact]
    public void With_all_answers_the_best_of_those_who_would_have_themselves_is_taken()
    {
        _three.Look().Hear(2, Of(2));
        Assert.Null(_three.Election.Elected);

        _three.Hear(3, Of(3));

        Assert.Equal(Of(3), _three.Election.Elected);
    }

    [Theory]
    [InlineData(3, 1, 1, true)]     // a newer epoch beats a longer history
    [InlineData(1, 9, 9, false)]
    [InlineData(2, 2, 6, true)]
    [InlineData(2, 2, 4, false)]
    public void Votes_are_ordered_by_epoch_and_history_and_number(int peerEpoch, int epoch, int counter, bool beats)
    {
        _five.Look().Hear(2, new Vote(2, Z.Of(epoch, counter), peerEpoch)).Pass(200);

        Assert.Equal(beats ? 2 : 1, _five.Election.Vote.Leader);
    }

    [Fact]
    public void Nothing_is_decided_before_all_have_answered_or_200_ms_have_passed()
    {
        _three.Look().Hear(3, Of(3)).Pass(190);
        Assert.Null(_three.Election.Elected);

        Assert.Equal(3, _three.Pass(10).Election.Elected?.Leader);
    }

    [Fact]
    public void A_vote_for_one_who_is_not_heard_is_worth_nothing()
    {
        _three.Look().Hear(2, new Vote(3, Z.Of(9, 9), 9)).Pass(200);

        Assert.Equal((1, null), (_three.Election.Vote.Leader, _three.Election.Elected));
    }

    [Fact]
    public void A_vote_for_one_who_would_have_another_is_worth_nothing()
    {
        _five.Look().Hear(2, Of(3)).Hear(3, Of(4)).Hear(5, Of(3)).Pass(200);

        Assert.Equal((1, null), (_five.Election.Vote.Leader, _five.Election.Elected));
    }

    // ZOOKEEPER-569: servers that vote for a dead one, and never stop.
    [Fact]
    public void ZOOKEEPER_569_a_server_that_is_heard_no_more_is_not_voted_for_any_longer()
    {
        _five.Look().Hear(5, Of(5)).Hear(2, Of(2)).Pass(200);
        Assert.Equal(5, _five.Election.Vote.Leader);
        _five.Pass(50);

        _five.Hear(2, Of(5)).Hear(3, Of(5)).Pass(200);

        Assert.Equal((1, null), (_five.Election.Vote.Leader, _five.Election.Elected));
    }

    [Fact]
    public void Who_has_a_better_history_itself_takes_no_worse_one_though_all_others_would()
    {
        _three.Look(Z.Of(2, 9)).Hear(2, Of(2)).Hear(3, Of(2));

        Assert.Equal((1, null), (_three.Election.Vote.Leader, _three.Election.Elected));
    }

    [Fact]
    public void It_asks_again_soon_and_then_every_second_and_says_once_who_does_not_answer()
    {
        _three.Look();
        var rounds = new List<int>();
        for (var time = 10; time <= 6_000; time += 10)
        {
            var before = _three.Election.Round;
            _three.Hear(2, Of(2, 1)).Pass(10);
            if (_three.Election.Round != before)
                rounds.Add(time);
        }

        Assert.Equal([250, 550, 950, 1550, 2550, 3750, 4950], rounds);
        Assert.Equal("3", Assert.Single(_three.Notices).Text);
        Assert.Equal(NoticeKind.NoAnswer, _three.Notices[0].Kind);
    }

    [Fact]
    public void An_answer_to_a_question_of_an_earlier_round_does_not_count()
    {
        _three.Look();
        var old = _three.Asked[3];
        _three.Pass(250);

        _three.Hear(new ElectionAnswer(old, 3, Of(3), ServerState.Looking));
        _three.Pass(200);

        Assert.Equal((1, null), (_three.Election.Vote.Leader, _three.Election.Elected));
        Assert.DoesNotContain(_three.Notices, notice => notice.Kind == NoticeKind.DatagramDropped);
    }

    [Fact]
    public void Of_two_answers_to_one_question_the_first_counts()
    {
        _five.Look().Hear(2, Of(2)).Hear(2, Of(5)).Hear(5, Of(5)).Hear(5, Of(4)).Pass(200);

        Assert.Equal((5, null), (_five.Election.Vote.Leader, _five.Election.Elected));
    }

    [Fact]
    public void What_does_not_fit_is_dropped_and_said_once_a_minute()
    {
        _three.Look();
        var asked = _three.Asked[2];
        _three.Hear(new ElectionAnswer(asked + 1, 2, Of(2), ServerState.Looking));     // a number that was not used
        _three.Hear(new ElectionAnswer(asked, 3, Of(3), ServerState.Looking));         // whoever says it is not who was asked
        _three.Hear(new ElectionAnswer(asked, 77, Of(77), ServerState.Looking));
        _three.Hear(new ElectionAnswer(asked, 2, Of(4), ServerState.Looking));         // an observer can't be elected
        _three.Hear(new ElectionAnswer(asked, 2, Of(77), ServerState.Looking));
        _three.Hear([]);
        _three.Hear(new byte[28]);
        _three.Hear(new byte[5_000]);
        _three.Pass(200);
        Assert.Equal((1, null), (_three.Election.Vote.Leader, _three.Election.Elected));
        Assert.Equal(
            "10.0.0.9:2888: an answer of server 2 to a question that was not asked",
            Assert.Single(_three.Notices, notice => notice.Kind == NoticeKind.DatagramDropped).Text);

        _three.Pass(60_000).Hear([1]);
        Assert.EndsWith("(8 since it was said last)", _three.Notices[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quorum_that_has_a_leader_and_the_leader_itself_are_joined()
    {
        _five.Look().Hear(2, new Vote(5, Z.Of(3, 1), 3), ServerState.Following);
        _five.Hear(3, new Vote(5, Z.Of(3, 2), 3), ServerState.Following);
        _five.Hear(5, new Vote(5, Z.Of(3, 7), 3), ServerState.Leading).Pass(200);

        Assert.Equal(new Vote(5, Z.Of(3, 7), 3), _five.Election.Elected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_joiner_waits_for_the_word_of_the_leader_itself(bool looks)
    {
        _five.Look();
        foreach (var follower in new[] { 2, 3, 4 })
            _five.Hear(follower, new Vote(5, Z.Of(3, 7), 3), ServerState.Following);
        if (looks)
            _five.Hear(5, new Vote(5, Z.Of(3, 6), 3));
        _five.Pass(200);

        Assert.Null(_five.Election.Elected);
    }

    [Fact]
    public void Followers_of_an_epoch_that_is_not_the_leaders_do_not_count()
    {
        _five.Look(Z.Of(3, 9), 3).Hear(2, new Vote(5, Z.Of(2, 7), 2), ServerState.Following);
        _five.Hear(3, new Vote(5, Z.Of(2, 7), 2), ServerState.Following);
        _five.Hear(5, new Vote(5, Z.Of(3, 7), 3), ServerState.Leading).Pass(200);

        Assert.Null(_five.Election.Elected);
    }

    [Theory]
    [InlineData(7, true)]      // it has what the leader has: two of three
    [InlineData(8, false)]     // the leader would have to be refused
    public void A_leader_that_still_looks_for_its_quorum_finds_who_has_no_more_than_itself(int counter, bool joins)
    {
        _three.Look(Z.Of(2, counter)).Hear(2, new Vote(2, Z.Of(2, 7), 2), ServerState.Leading).Pass(200);

        Assert.Equal(joins ? 2 : null, _three.Election.Elected?.Leader);
    }

    [Fact]
    public void ZOOKEEPER_975_a_joiner_with_the_best_vote_does_not_lead_beside_a_leader()
    {
        _three.Look(Z.Of(9, 9), 9).Hear(2, new Vote(3, Z.Of(3, 1), 3), ServerState.Following);
        _three.Hear(3, new Vote(3, Z.Of(3, 1), 3), ServerState.Leading);

        Assert.Equal(3, _three.Election.Elected?.Leader);
    }

    // Who led, was lost and is back has less than those who follow it still, and do not know it yet.
    [Theory]
    [InlineData(5, true)]
    [InlineData(7, false)]
    public void Followers_of_oneself_count_if_they_speak_of_the_history_that_it_has(int counter, bool leads)
    {
        var vote = new Vote(1, Z.Of(2, counter), 2);
        _three.Look().Hear(2, vote, ServerState.Following).Hear(3, vote, ServerState.Following);

        Assert.Equal(leads ? 1 : null, _three.Election.Elected?.Leader);
    }

    [Fact]
    public void A_question_is_answered_with_the_vote_and_later_with_the_leader()
    {
        _three.Look().Hear(Question(17));
        _three.Hear(2, Of(2)).Hear(3, Of(3));
        _three.Election.Settle(ServerState.Following, Of(3));
        _three.Hear(Question(18));
        _three.Election.RaiseEpoch(3);
        _three.History.Append(Z.Of(3, 1));
        _three.Hear(Question(19));

        Assert.Equal(
            [
                new ElectionAnswer(17, 1, Of(1), ServerState.Looking),
                new ElectionAnswer(18, 1, Of(3), ServerState.Following),
                new ElectionAnswer(19, 1, new Vote(3, Z.Of(3, 1), 3), ServerState.Following),
            ],
            _three.Answered);
    }

    [Fact]
    public void Between_two_roles_nothing_is_answered_asked_or_decided()
    {
        _three.Look();
        _three.Election.Pause();
        _three.Hear(Question(17));
        _three.Hear(2, Of(3)).Hear(3, Of(3)).Pass(2_000);

        Assert.Empty(_three.Answered);
        Assert.Equal((1, null), (_three.Election.Round, _three.Election.Elected));
    }

    [Fact]
    public void An_observer_takes_the_leader_that_a_quorum_agrees_on_and_answers_nobody()
    {
        var observer = new Questioner(4, SteppedServer.Config(3, observers: 1));
        observer.Look().Hear(Question(17));
        observer.Hear(3, Of(3)).Pass(250);
        Assert.Null(observer.Election.Elected);

        observer.Hear(2, Of(3)).Hear(3, Of(3)).Pass(200);

        Assert.Equal(3, observer.Election.Elected?.Leader);
        Assert.Empty(observer.Answered);
    }

    [Fact]
    public void A_voter_without_weight_is_not_elected()
    {
        var groups = new Dictionary<long, long> { [1] = 1, [2] = 1, [3] = 1 };
        var config = new EnsembleConfig(SteppedServer.Config(3).Members.Values, groups, new Dictionary<long, long> { [3] = 0 });
        var one = new Questioner(1, config).Look().Hear(2, Of(2, 4)).Hear(3, new Vote(3, Z.Of(9, 9), 9));
        Assert.Equal(1, one.Election.Vote.Leader);

        var three = new Questioner(3, config).Look(Z.Of(9, 9), 9).Hear(1, Of(1)).Hear(2, Of(1));
        Assert.Equal(1, three.Election.Elected?.Leader);
    }

    [Fact]
    public void A_quorum_is_more_than_half_of_the_groups()
    {
        var groups = Enumerable.Range(1, 9).ToDictionary(id => (long)id, id => (id - 1L) / 3);
        var config = new EnsembleConfig(SteppedServer.Config(9).Members.Values, groups);
        var one = new Questioner(1, config).Look();
        foreach (var other in new[] { 2, 3, 4, 7 })
            one.Hear(other, Of(4));
        Assert.Null(one.Pass(250).Election.Elected);

        foreach (var other in new[] { 2, 4, 5 })
            one.Hear(other, Of(4));
        Assert.Equal(4, one.Pass(200).Election.Elected?.Leader);
    }

    [Fact]
    public void An_ensemble_of_one_elects_itself_at_once()
    {
        var alone = new Questioner(1, SteppedServer.Config(1, observers: 1)).Look();

        Assert.Equal(1, alone.Election.Elected?.Leader);
    }

    private static Vote Of(long leader, int counter = 5) => new(leader, Z.Of(2, counter), 2);

    private static byte[] Question(int xid) => new Bytes().Int(xid).ToArray();
}
