using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core.Requests;

/// <summary>
/// Syncs that came to the leader: each is answered when all is committed that was proposed before it, and a quorum has said since that this
/// server leads.
/// </summary>
internal sealed class LeaderSyncs(Leader leader)
{
    private readonly Queue<(Zxid After, long Round, Action<Zxid> Answer)> _waiting = new();

    public int Count => _waiting.Count;

    /// <param name="answer">Called with the last transaction that what is read then must have.</param>
    public void Add(Action<Zxid> answer) => _waiting.Enqueue((leader.Proposals.Last, leader.Check.Ask(leader.Proposals.Last), answer));

    public void Answer()
    {
        while (_waiting.TryPeek(out var sync) && sync.After <= leader.Proposals.Committed && sync.Round <= leader.Check.Confirmed)
        {
            _waiting.Dequeue();
            sync.Answer(sync.After);
        }
    }
}
