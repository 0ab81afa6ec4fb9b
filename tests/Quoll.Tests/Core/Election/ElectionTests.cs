using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Tests.Core.Zab;

namespace Quoll.Tests.Core.Election;

/// <summary>Fast leader election, rule by rule, as Apache's <c>FastLeaderElection</c> has them.</summary>
public sealed class ElectionTests
{
    private static readonly Zxid Has = Z.Of(2, 5);
    private Voter _one = new(1, SteppedServer.Config(3));

    [Theory]
    [InlineData(3, 1, 1, 1, true)]     // a newer epoch beats a longer history
    [InlineData(1, 9, 9, 9, false)]
    [InlineData(2, 2, 6, 1, true)]     // in one epoch the longer history
    [InlineData(2, 2, 4, 9, false)]
    [InlineData(2, 2, 5, 2, true)]     // of the same length the larger number
    [InlineData(2, 2, 5, 0, false)]
    [InlineData(2, -1, 5, 9, false)]   // signed
    [InlineData(2, 2, 5, 1, false)]    // a vote does not beat itself
    public void A_vote_beats_another_by_epoch_then_history_then_number(int peerEpoch, int epoch, int counter, long leader, bool beats)
    {
        Assert.Equal(beats, new Vote(leader, Z.Of(epoch, counter), peerEpoch).Beats(new Vote(1, Has, 2)));
    }

    [Fact]
    public void Who_looks_votes_for_itself_in_a_new_round_and_tells_all_voters()
    {
        _one = new Voter(1, SteppedServer.Config(3, observers: 1));

        _one.Look();

        Assert.Equal([2, 3], _one.Told.Select(told => told.To));
        Assert.All(_one.Told, told => Assert.Equal((1, ServerState.Looking, 1), (told.What.Vote.Leader, told.What.State, told.What.Round)));
        _one.Look();
        Assert.Equal(2, _one.Election.Round);
    }

    [Fact]
    public void A_better_vote_is_taken_over_and_told()
    {
        _one.Look();
        _one.Told.Clear();

        _one.Hear(2, new Vote(3, Z.Of(2, 6), 2));

        Assert.Equal(3, _one.Election.Vote.Leader);
        Assert.Equal([(2L, 3L), (3L, 3L)], _one.Told.Select(told => (told.To, told.What.Vote.Leader)));
    }

    [Fact]
    public void A_worse_vote_of_the_round_is_answered_and_the_same_is_not()
    {
        _one.Look();
        _one.Told.Clear();

        _one.Hear(2, new Vote(1, Has, 2));
        Assert.Empty(_one.Told);
        _one = new Voter(1, SteppedServer.Config(3));
        _one.Look();
        _one.Told.Clear();
        _one.Hear(2, new Vote(2, Z.Of(1, 1), 1));

        Assert.Equal((2, 1), Assert.Single(_one.Told.Select(told => (told.To, told.What.Vote.Leader))));
    }

    [Fact]
    public void A_vote_of_an_older_round_is_answered_and_does_not_count()
    {
        _one.Look();
        _one.Look();
        _one.Told.Clear();

        _one.Hear(2, new Vote(3, Z.Of(9, 9), 9), round: 1);

        Assert.Equal(1, _one.Election.Vote.Leader);
        var answer = Assert.Single(_one.Told);
        Assert.Equal((2, 2, 1), (answer.To, answer.What.Round, answer.What.Vote.Leader));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 3)]
    public void A_vote_of_a_newer_round_begins_it_with_the_better_of_that_and_ones_own(int counter, long leader)
    {
        _one.Look();
        _one.Election.OnReachable(3, true);
        _one.Hear(2, new Vote(2, Has, 2));
        _one.Told.Clear();

        _one.Hear(3, new Vote(3, Z.Of(2, counter), 2), round: 7);

        Assert.Equal((7, leader), (_one.Election.Round, _one.Election.Vote.Leader));
        Assert.Equal([2, 3], _one.Told.Select(told => told.To));
    }

    [Fact]
    public void Votes_of_an_older_round_do_not_count_in_a_newer_one()
    {
        _one = new Voter(1, SteppedServer.Config(5));
        _one.Look();
        _one.Hear(2, new Vote(5, Has, 2));
        _one.Hear(3, new Vote(5, Has, 2), round: 2);
        _one.Pass(1_000);
        Assert.Null(_one.Election.Elected);

        _one.Hear(4, new Vote(5, Has, 2), round: 2);
        _one.Pass(1_000);
        Assert.Equal(5, _one.Election.Elected?.Leader);
    }

    [Fact]
    public void It_is_decided_at_once_when_all_who_can_be_reached_agree()
    {
        _one.Look();
        _one.Election.OnReachable(3, true);

        _one.Hear(3, new Vote(3, Has, 2));

        Assert.Equal(new Vote(3, Has, 2), _one.Election.Elected);
    }

    [Fact]
    public void It_waits_200_ms_for_those_who_can_be_reached_and_have_not_voted()
    {
        _one.Look();
        _one.Election.OnReachable(2, true);
        _one.Election.OnReachable(3, true);

        _one.Hear(3, new Vote(3, Has, 2));
        _one.Pass(199);
        Assert.Null(_one.Election.Elected);
        _one.Pass(1);
        Assert.Equal(3, _one.Election.Elected?.Leader);
    }

    [Fact]
    public void A_better_vote_while_it_waits_begins_the_wait_anew()
    {
        _one = new Voter(1, SteppedServer.Config(5));
        _one.Look();
        foreach (var other in new[] { 2, 3, 4, 5 })
            _one.Election.OnReachable(other, true);
        _one.Hear(3, new Vote(3, Has, 2));
        _one.Hear(2, new Vote(3, Has, 2));
        _one.Pass(150);

        _one.Hear(4, new Vote(4, Has, 2));
        _one.Pass(100);
        Assert.Null(_one.Election.Elected);

        _one.Hear(2, new Vote(4, Has, 2));
        _one.Pass(200);
        Assert.Equal(4, _one.Election.Elected?.Leader);
    }

    [Fact]
    public void Votes_are_said_again_less_and_less_often()
    {
        _one.Look();
        _one.Told.Clear();
        var at = new List<long>();
        for (var time = 100; time <= 200_000; time += 100)
        {
            _one.Pass(100);
            if (_one.Told.Count > 0)
                at.Add(time);
            _one.Told.Clear();
        }

        Assert.Equal([200, 600, 1400, 3000, 6200, 12600, 25400, 51000, 102200, 162200], at);
    }

    [Fact]
    public void A_server_that_is_back_is_told_the_vote_at_once()
    {
        _one.Look();
        _one.Told.Clear();

        _one.Election.OnReachable(2, true);

        Assert.Equal(2, Assert.Single(_one.Take()).To);
    }

    [Fact]
    public void An_observers_vote_does_not_count_and_it_is_told_the_own_one()
    {
        _one = new Voter(1, SteppedServer.Config(3, observers: 1));
        _one.Look();
        _one.Told.Clear();

        _one.Hear(4, new Vote(4, Z.Of(9, 9), 9));

        Assert.Equal(1, _one.Election.Vote.Leader);
        Assert.Equal((4, 1), Assert.Single(_one.Told.Select(told => (told.To, told.What.Vote.Leader))));
    }

    [Fact]
    public void A_vote_for_one_who_does_not_vote_is_ignored()
    {
        _one = new Voter(1, SteppedServer.Config(3, observers: 1));
        _one.Look();

        _one.Hear(2, new Vote(4, Z.Of(9, 9), 9));

        Assert.Equal(1, _one.Election.Vote.Leader);
    }

    [Fact]
    public void An_observer_takes_the_leader_that_the_voters_agree_on()
    {
        _one = new Voter(4, SteppedServer.Config(3, observers: 1));
        _one.Look();
        Assert.All(_one.Told, told => Assert.Equal(long.MinValue, told.What.Vote.Leader));

        _one.Hear(1, new Vote(3, Has, 2));
        _one.Hear(2, new Vote(3, Has, 2));
        _one.Pass(200);

        Assert.Equal(3, _one.Election.Elected?.Leader);
    }

    // Every voter answers what it says, and takes no vote from it: the two would answer each other without end.
    [Fact]
    public void An_observer_asks_by_the_clock_and_answers_nobody()
    {
        _one = new Voter(4, SteppedServer.Config(3, observers: 1));
        _one.Look();
        _one.Look();
        _one.Hear(1, new Vote(3, Has, 2), round: 2);
        _one.Told.Clear();

        _one.Hear(2, new Vote(2, Has, 2), round: 1);
        _one.Hear(2, new Vote(2, Has, 2), round: 2);

        Assert.Empty(_one.Told);
        for (var asked = 0; asked < 4; asked++)
            _one.Pass(1_600);
        Assert.Equal(4 * 3, _one.Told.Count);
    }

    [Fact]
    public void An_observer_alone_with_a_minority_takes_nobody()
    {
        _one = new Voter(4, SteppedServer.Config(3, observers: 1));
        _one.Look();

        _one.Hear(1, new Vote(3, Has, 2));
        _one.Pass(5_000);

        Assert.Null(_one.Election.Elected);
    }

    // ZOOKEEPER-261, 2325, 3056, 3644 and 3781: a member whose disk was emptied must not be counted on.
    [Fact]
    public void ZOOKEEPER_3644_a_vote_of_a_server_that_does_not_know_its_own_history_is_ignored()
    {
        _one.Look();
        _one.Hear(2, new Vote(1, new Zxid(-1), 2));
        _one.Pass(1_000);
        Assert.Null(_one.Election.Elected);

        _one = new Voter(1, SteppedServer.Config(3));
        _one.Look(new Zxid(-1));
        _one.Hear(3, new Vote(3, Has, 2));
        _one.Hear(2, new Vote(3, Has, 2));
        _one.Pass(1_000);
        Assert.Null(_one.Election.Elected);
    }

    [Fact]
    public void A_voter_without_weight_is_not_elected()
    {
        var groups = new Dictionary<long, long> { [1] = 1, [2] = 1, [3] = 1 };
        var config = new EnsembleConfig(SteppedServer.Config(3).Members.Values, groups, new Dictionary<long, long> { [3] = 0 });
        _one = new Voter(1, config);
        _one.Look();
        _one.Told.Clear();

        _one.Hear(3, new Vote(3, Z.Of(9, 9), 9));

        Assert.Equal(1, _one.Election.Vote.Leader);
        Assert.Empty(_one.Told);

        // Nor would it take another's vote, and so the two would answer each other without end.
        _one = new Voter(3, config);
        _one.Look(Z.Of(9, 9));
        _one.Told.Clear();
        _one.Hear(1, new Vote(1, Has, 2));
        Assert.Empty(_one.Told);
    }

    /// <summary>An election of one server, with what it says to the others.</summary>
    private sealed class Voter(long id, EnsembleConfig config)
    {
        private readonly PeerLane _lane = new();
        private long _now = 1_000;
        private FastLeaderElection? _election;

        public FastLeaderElection Election => _election ??= Begin();

        public List<(long To, Notification What)> Told { get; } = [];

        public void Look(Zxid? last = null)
        {
            Election.Look(last ?? Has, 2, new Instant(_now));
            Take();
        }

        public void Hear(long from, Vote vote, long round = 1, ServerState state = ServerState.Looking)
        {
            Election.OnNotification(from, new Notification(state, vote, round, 2));
            Take();
        }

        public void Pass(int milliseconds)
        {
            _now += milliseconds;
            Election.Advance(new Instant(_now));
            Take();
        }

        public List<(long To, Notification What)> Take()
        {
            foreach (var effect in _lane.Effects)
            {
                Assert.True(Notification.TryRead(_lane.Bytes.Written.Slice(effect.Offset, effect.Length), out var what));
                Told.Add((effect.Server, what));
            }

            _lane.Clear();
            return Told;
        }

        private FastLeaderElection Begin()
        {
            _lane.SetConfig(System.Text.Encoding.UTF8.GetBytes(config.ToString()));
            return new FastLeaderElection(id, config, _lane);
        }
    }
}
