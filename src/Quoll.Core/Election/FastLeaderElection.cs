using Quoll.Core.Quorum;
using Quoll.Protocol;

namespace Quoll.Core.Election;

/// <summary>
/// Fast leader election: everybody tells everybody the best vote heard of, until a quorum says the same. It only chooses: that what was
/// acknowledged is not lost rests on the epochs that follow, not on this. It answers those who look while this server does not.
/// </summary>
/// <param name="self">This server's number.</param>
/// <param name="config">The ensemble.</param>
/// <param name="lane">Where messages go.</param>
internal sealed class FastLeaderElection(long self, EnsembleConfig config, PeerLane lane) : IElection
{
    /// <summary>How long a quorum is left to hear of a better vote, in milliseconds (<c>finalizeWait</c>).</summary>
    private const int FinalizeWait = 200;

    private const int FirstResend = 200;
    private const int LastResend = 60_000;

    /// <summary>An observer is told nothing that it did not ask for, nor is who lost its disk.</summary>
    private const int LastResendOfNobody = 1_600;
    private readonly Dictionary<long, Vote> _looking = [];
    private readonly Dictionary<long, Notification> _settled = [];
    private readonly HashSet<long> _reachable = [];
    private readonly Dictionary<long, Notification> _heardEarly = [];
    private readonly Dictionary<long, Notification> _elsewhere = [];
    private Vote _initial;
    private Vote _vote;
    private Instant _now;
    private Instant _resendAt;
    private int _resendAfter;
    private Instant? _decideAt;
    private bool _paused;
    private bool _returns;

    public ServerState State { get; private set; } = ServerState.Looking;

    public long Round { get; private set; }

    /// <summary>Whom this server votes for, or follows.</summary>
    public Vote Vote => _vote;

    public Vote? Elected { get; private set; }

    public bool IsDeserted => State == ServerState.Leading && config.Verifier.IsQuorum([.. _elsewhere.Keys]);

    private bool Votes => config.Voters.Contains(self);

    // Who lost its disk does not know what it has acknowledged: it elects nobody, and takes the leader whom others have.
    private bool IsLost => _initial.Zxid.Value == -1;

    public void Look(Zxid lastZxid, long peerEpoch, Instant now)
    {
        State = ServerState.Looking;
        Elected = null;

        // Who was deserted joins those who have left it in their round: a new one would take from them what they have nearly agreed on.
        if (!_returns)
            Round++;
        _now = now;
        _initial = Votes
            ? new Vote(self, lastZxid, peerEpoch)
            : new Vote(long.MinValue, new Zxid(long.MinValue), long.MinValue);
        _resendAfter = FirstResend;
        _paused = false;
        BeginRound(_initial);
        foreach (var (from, heard) in _heardEarly.ToList())
            OnNotification(from, heard);
        _heardEarly.Clear();
        if (!_returns)
            return;
        _returns = false;
        foreach (var (from, heard) in _elsewhere)
            OnNotification(from, heard);
    }

    /// <summary>What others say meanwhile waits.</summary>
    public void Pause()
    {
        _returns = IsDeserted;
        State = ServerState.Looking;
        Elected = null;
        _paused = true;
    }

    public void Settle(ServerState state, Vote vote)
    {
        State = state;
        _vote = vote;
        Elected = null;
        _elsewhere.Clear();
    }

    public void RaiseEpoch(long epoch) => _vote = _vote with { PeerEpoch = epoch };

    public void Advance(Instant now)
    {
        _now = now;
        if (State != ServerState.Looking || Elected is not null || _paused)
            return;
        if (_decideAt is { } at && now >= at)
        {
            Elected = _vote;
        }
        else if (now >= _resendAt)
        {
            _resendAfter = Math.Min(_resendAfter * 2, Votes && !IsLost ? LastResend : LastResendOfNobody);
            Broadcast();
        }
    }

    /// <summary>The connection to another server's election port was made or lost.</summary>
    public void OnReachable(long server, bool reachable)
    {
        if (!reachable)
        {
            _reachable.Remove(server);
            Tally();
        }
        else if (_reachable.Add(server) && State == ServerState.Looking && !_paused && config.Voters.Contains(server))
        {
            Send(server, _vote);
        }
    }

    public void OnNotification(long from, in Notification heard)
    {
        if (_paused)
        {
            _heardEarly[from] = heard;
            return;
        }

        // An observer, or a server that is not known here: it is told, and its vote does not count.
        if (!config.Voters.Contains(from))
        {
            Send(from, _vote);
            return;
        }

        if (State != ServerState.Looking)
        {
            if (heard.State == ServerState.Looking)
                Send(from, _vote);
            if (heard.Round < Round || heard.Vote.Leader == self)
                _elsewhere.Remove(from);
            else
                _elsewhere[from] = heard;
        }
        else if (Elected is null && config.Voters.Contains(heard.Vote.Leader))
        {
            if (heard.State == ServerState.Looking)
                OnLooking(from, heard);
            else if (heard.State != ServerState.Observing)
                OnSettled(from, heard);
        }
    }

    private void OnLooking(long from, in Notification heard)
    {
        _settled.Remove(from);

        if (heard.Vote.Zxid.Value == -1 || IsLost)
            return;
        if (heard.Round < Round)
        {
            Answer(from);
            return;
        }

        if (heard.Round > Round)
        {
            Round = heard.Round;
            BeginRound(Better(heard.Vote, _initial) ? heard.Vote : _initial);
        }
        else if (Better(heard.Vote, _vote))
        {
            Propose(heard.Vote);
        }
        else if (Better(_vote, heard.Vote))
        {
            // It may have begun to look after it was told: without this it would hear of it again only by the clock. Who would not take
            // the vote is not told it: it would answer, and be answered.
            Answer(from);
        }

        _looking[from] = heard.Vote;
        Tally();
    }

    // Somebody has a leader. If a quorum says so, and that leader too, it is ours.
    private void OnSettled(long from, in Notification heard)
    {
        _settled[from] = heard;
        var leader = heard.Vote.Leader;
        var inRound = heard.Round == Round;
        Span<long> supporters = stackalloc long[config.Voters.Count];
        var count = 0;
        foreach (var (server, other) in _settled)
        {
            if (Agree(other, heard))
                supporters[count++] = server;
        }

        // In the same round, votes of those who still look count as well.
        if (inRound)
        {
            foreach (var (server, vote) in _looking)
            {
                if (vote == heard.Vote && !_settled.ContainsKey(server))
                    supporters[count++] = server;
            }

            if (Votes && _vote == heard.Vote && !supporters[..count].Contains(self))
                supporters[count++] = self;
        }

        var leads = leader == self
            ? inRound
            : _settled.TryGetValue(leader, out var its) && its.State == ServerState.Leading;
        if (!leads || !config.Verifier.IsQuorum(supporters[..count]))
            return;
        Round = heard.Round;
        Elected = _vote = heard.Vote;
    }

    // Established members answer with what they had when they were elected: only leader and epoch are theirs in common.
    private static bool Agree(in Notification left, in Notification right) =>
        left.Vote.Leader == right.Vote.Leader
        && ((left.Version == 0) != (right.Version == 0) || left.Vote.PeerEpoch == right.Vote.PeerEpoch);

    private bool Better(Vote vote, Vote than) => config.Verifier.WeightOf(vote.Leader) != 0 && vote.Beats(than);

    private void BeginRound(Vote vote)
    {
        _looking.Clear();
        _settled.Clear();
        Propose(vote);
    }

    private void Propose(Vote vote)
    {
        _vote = vote;
        _decideAt = null;
        Broadcast();
        Tally();
    }

    /// <summary>
    /// With a quorum for the vote, waits for a better one; not if everybody who can be reached has voted, so that none can come.
    /// </summary>
    private void Tally()
    {
        if (State != ServerState.Looking || Elected is not null || _paused || IsLost)
            return;
        Span<long> supporters = stackalloc long[config.Voters.Count];
        var count = 0;
        var silent = false;
        foreach (var voter in config.Voters)
        {
            if (voter == self || (_looking.TryGetValue(voter, out var vote) && vote == _vote))
                supporters[count++] = voter;
            else
                silent |= _reachable.Contains(voter);
        }

        if (!config.Verifier.IsQuorum(supporters[..count]))
            _decideAt = null;
        else if (!silent)
            Elected = _vote;
        else
            _decideAt ??= _now + FinalizeWait;
    }

    private void Broadcast()
    {
        _resendAt = _now + _resendAfter;
        foreach (var voter in config.Voters)
        {
            if (voter != self)
                Send(voter, _vote);
        }
    }

    // Whatever an observer says is answered: if it answered too, there would be no end.
    private void Answer(long to)
    {
        if (Votes)
            Send(to, _vote);
    }

    private void Send(long to, Vote vote) => lane.Notify(to, new Notification(State, vote, Round, 2));
}
