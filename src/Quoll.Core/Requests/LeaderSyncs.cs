using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core.Requests;

/// <summary>
/// Syncs that came to the leader: each is answered when all is committed that was proposed before it, and a quorum has said since that this
/// server leads.
/// </summary>
internal sealed class LeaderSyncs
{
    private readonly Leader _leader;
    private readonly Queue<Waiting> _own = new();
    private readonly Queue<Waiting> _learners = new();

    public LeaderSyncs(Leader leader)
    {
        _leader = leader;
        leader.Committing = AnswerLearnersBefore;
    }

    public int Count => _own.Count + _learners.Count;

    /// <param name="answer">Called with the last transaction that what is read then must have.</param>
    public void Add(Action<Zxid> answer) => _own.Enqueue(Ask(answer));

    /// <summary>The sync of a learner's client.</summary>
    /// <param name="answer">Is called in the middle of a commit, and must not do more than tell the learner.</param>
    public void AddOfLearner(Action<Zxid> answer) => _learners.Enqueue(Ask(answer));

    public void Answer()
    {
        Answer(_own);
        Answer(_learners);
    }

    private Waiting Ask(Action<Zxid> answer) => new(_leader.Proposals.Last, _leader.Check.Ask(_leader.Proposals.Last), answer);

    private void Answer(Queue<Waiting> waiting)
    {
        while (waiting.TryPeek(out var sync) && sync.After <= _leader.Proposals.Committed && sync.Round <= _leader.Check.Confirmed)
        {
            waiting.Dequeue();
            sync.Answer(sync.After);
        }
    }

    // An Apache learner waits for the answers to what it sent in the order in which it sent it, syncs among them: it never finds the one
    // that came too early. The quorum that has a transaction proposed behind the sync says as well as a ping that this server leads.
    private void AnswerLearnersBefore(Zxid committed)
    {
        while (_learners.TryPeek(out var sync) && sync.After < committed)
        {
            _learners.Dequeue();
            sync.Answer(sync.After);
        }
    }

    private readonly record struct Waiting(Zxid After, long Round, Action<Zxid> Answer);
}
