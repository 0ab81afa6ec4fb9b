using System.Buffers.Binary;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core.Election;

/// <summary>
/// The basic algorithm (<c>electionAlg=0</c>): asks all voters whom they would choose, takes the best of those who would choose themselves,
/// and asks again until a quorum would have the same. Datagrams may be lost, come late, come twice, and come from anybody: each question
/// has a number of its own that only the server that was asked can know, and what does not fit is dropped.
/// </summary>
/// <param name="ensemble">The ensemble, and how far this server's history reaches.</param>
/// <param name="seed">Nobody can guess the numbers of the questions who does not know it.</param>
internal sealed class LeaderElection(Ensemble ensemble, ulong seed) : IElection
{
    private const int QuestionLength = 4;

    /// <summary>How long a round waits for those who do not answer, in milliseconds.</summary>
    private const int AnswerWait = 200;

    /// <summary>Between two rounds. The others learn of each other in the first one, and agree in the second.</summary>
    private const int FirstPause = 50;

    private const int LastPause = 1_000;

    /// <summary>Between two notices of datagrams that were dropped: anybody can send them.</summary>
    private const int NoticePause = 60_000;

    private static readonly Vote Nobody = new(long.MinValue, new Zxid(long.MinValue), long.MinValue);
    private readonly Prng _random = new(seed);
    private readonly Dictionary<long, ElectionAnswer> _heard = [];
    private Dictionary<int, long> _asked = [];
    private Dictionary<int, long> _askedBefore = [];
    private Vote _initial;
    private Vote _vote;
    private Instant _now;
    private Instant _wakeAt;
    private Instant? _noticeAt;
    private int _pause;
    private int _dropped;
    private bool _asking;
    private bool _paused;
    private bool _established;

    public ServerState State { get; private set; } = ServerState.Looking;

    public long Round { get; private set; }

    public Vote? Elected { get; private set; }

    /// <summary>Who does not look does not ask, and is not told: a leader without a quorum waits for it as long as it may.</summary>
    public bool IsDeserted => false;

    /// <summary>Whom this server votes for, or follows.</summary>
    public Vote Vote => _vote;

    public void Look(Zxid lastZxid, long peerEpoch, Instant now)
    {
        State = ServerState.Looking;
        Elected = null;
        _now = now;
        _initial = _vote = ensemble.HasSay ? new Vote(ensemble.Self, lastZxid, peerEpoch) : Nobody;
        _pause = FirstPause;
        _paused = false;
        Ask();
    }

    public void Pause()
    {
        State = ServerState.Looking;
        Elected = null;
        _paused = true;
        _asking = false;
    }

    public void Settle(ServerState state, Vote vote)
    {
        State = state;
        Elected = null;
        _vote = vote;
        _established = false;
        _asking = false;
    }

    public void RaiseEpoch(long epoch)
    {
        _vote = _vote with { PeerEpoch = epoch };
        _established = true;
    }

    public void Advance(Instant now)
    {
        _now = now;
        if (State != ServerState.Looking || Elected is not null || _paused || now < _wakeAt)
            return;
        if (_asking)
            Conclude();
        else
            Ask();
    }

    /// <summary>A question, or the answer to one.</summary>
    /// <param name="bytes">The datagram.</param>
    /// <param name="sender">Where an answer goes; the host knows what it is.</param>
    public void OnDatagram(ReadOnlySpan<byte> bytes, object sender)
    {
        if (bytes.Length == QuestionLength)
            OnQuestion(BinaryPrimitives.ReadInt32BigEndian(bytes), sender);
        else if (ElectionAnswer.TryRead(bytes, out var answer))
            OnAnswer(answer, sender);
        else
            Drop(sender, $"{bytes.Length} bytes that are neither question nor answer");
    }

    // Between two roles nothing can be claimed; who does not vote is not asked, and who lost its disk would only be in the way.
    private void OnQuestion(int xid, object sender)
    {
        if (_paused || !ensemble.HasSay)
            return;

        // How much the leader has by now: when it was lost and is back with less, who has not noticed must not pass for its new voter.
        var vote = State != ServerState.Looking && _established ? _vote with { Zxid = ensemble.History.Last } : _vote;
        ensemble.Peers.Answer(sender, new ElectionAnswer(xid, ensemble.Self, vote, State));
    }

    private void OnAnswer(in ElectionAnswer answer, object sender)
    {
        if (!_asked.TryGetValue(answer.Xid, out var asked))
        {
            // It comes too late, as some do.
            if (_askedBefore.ContainsKey(answer.Xid))
                return;
            Drop(sender, $"an answer of server {answer.Server} to a question that was not asked");
        }
        else if (answer.Server != asked)
        {
            Drop(sender, $"an answer of server {answer.Server} to what server {asked} was asked");
        }
        else if (!ensemble.Config.Voters.Contains(answer.Vote.Leader))
        {
            Drop(sender, $"a vote of server {asked} for server {answer.Vote.Leader}, which does not vote here");
        }
        else if (_asking && _heard.TryAdd(asked, answer) && _heard.Count == _asked.Count)
        {
            Conclude();
        }
    }

    private void Ask()
    {
        Round++;
        (_asked, _askedBefore) = (_askedBefore, _asked);
        _asked.Clear();
        _heard.Clear();
        _asking = true;
        _wakeAt = _now + AnswerWait;
        foreach (var voter in ensemble.Config.Voters)
        {
            if (voter == ensemble.Self)
                continue;
            var xid = (int)_random.Next();
            while (!_asked.TryAdd(xid, voter))
                xid++;
            ensemble.Peers.Ask(voter, xid);
        }

        if (_asked.Count == 0)
            Conclude();
    }

    // All have answered, or no more will.
    private void Conclude()
    {
        _asking = false;
        if (Joinable() is { } leader)
        {
            Elected = _vote = leader;
            return;
        }

        var best = Best();
        if (best != _vote)
            _pause = FirstPause;
        _vote = best;
        if (best.Leader != long.MinValue && HasQuorum(best, leads: false, ensemble.HasSay))
        {
            Elected = best;
            return;
        }

        _wakeAt = _now + _pause;
        if (_pause < LastPause && _pause * 2 >= LastPause && _heard.Count < _asked.Count)
            ensemble.Notice(NoticeKind.NoAnswer, ensemble.Self, string.Join(", ", _asked.Values.Except(_heard.Keys).Order()));
        _pause = Math.Min(_pause * 2, LastPause);
    }

    /// <summary>
    /// The best of this server and those who would choose themselves. Who would choose another has heard of somebody better; and a vote for
    /// one who is not heard, or would not have it, is worth nothing.
    /// </summary>
    private Vote Best()
    {
        var best = MayLead(_initial.Leader) ? _initial : Nobody;
        foreach (var (server, answer) in _heard)
        {
            if (answer.Vote.Leader == server && MayLead(server) && answer.Vote.Beats(best))
                best = answer.Vote;
        }

        return best == Nobody ? _initial : best;
    }

    /// <summary>
    /// The leader that somebody would find who asked now: it says itself that it leads, and with those who say the same, and this server if
    /// it has nothing that the leader has not, it has a quorum.
    /// </summary>
    private Vote? Joinable()
    {
        Vote? best = null;
        foreach (var answer in _heard.Values)
        {
            var leader = answer.Vote;
            if (answer.State != ServerState.Leading || (best is { } other && !leader.Beats(other)))
                continue;
            var isAhead = (_initial.PeerEpoch, _initial.Zxid.Value).CompareTo((leader.PeerEpoch, leader.Zxid.Value)) > 0;
            if (HasQuorum(leader, leads: true, withSelf: ensemble.HasSay && !isAhead))
                best = leader;
        }

        return best;
    }

    /// <summary>
    /// Whether a quorum would have this vote. The history of one that leads grows, and others know it shorter: the epoch tells. Of one that
    /// looks it is as long as it says, so that whoever says another length speaks of earlier times.
    /// </summary>
    private bool HasQuorum(in Vote vote, bool leads, bool withSelf)
    {
        Span<long> supporters = stackalloc long[ensemble.Config.Voters.Count];
        var count = 0;
        if (withSelf)
            supporters[count++] = ensemble.Self;
        foreach (var (server, answer) in _heard)
        {
            var same = answer.Vote.Leader == vote.Leader && answer.Vote.PeerEpoch == vote.PeerEpoch;
            if (same && (leads || answer.Vote.Zxid == vote.Zxid))
                supporters[count++] = server;
        }

        return ensemble.Config.Verifier.IsQuorum(supporters[..count]);
    }

    private bool MayLead(long server) => ensemble.Config.Verifier.WeightOf(server) != 0;

    private void Drop(object sender, string what)
    {
        _dropped++;
        if (_noticeAt is { } at && _now < at)
            return;
        var more = _dropped > 1 ? $" ({_dropped} since it was said last)" : "";
        ensemble.Notice(NoticeKind.DatagramDropped, 0, $"{sender}: {what}{more}");
        _noticeAt = _now + NoticePause;
        _dropped = 0;
    }
}
