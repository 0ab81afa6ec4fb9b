using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Core.Zab;

/// <summary>
/// How a leader learns that it still leads: it pings all learners, and a quorum answers. One that was deposed and has not noticed would
/// else let a client read what is old after a sync (ZOOKEEPER-1675). A learner answers pings in their order, so that counting tells which.
/// </summary>
/// <param name="learners">The leader's learners.</param>
/// <param name="peers">Where pings go.</param>
internal sealed class QuorumCheck(LearnerSet learners, PeerLane peers)
{
    private long _asked;
    private bool _again;

    /// <summary>The newest round that a quorum has answered.</summary>
    public long Confirmed { get; private set; }

    private bool Running => _asked > Confirmed;

    /// <summary>Returns a round that begins now or later: once it is confirmed, this server has led after now.</summary>
    public long Ask(Zxid last)
    {
        if (Running)
        {
            _again = true;
            return _asked + 1;
        }

        Begin(last);
        return _asked;
    }

    /// <summary>Pings every learner that serves, as a leader does all the time.</summary>
    public void Ping(Zxid last)
    {
        PacketBytes? ping = null;
        foreach (var learner in learners.All)
        {
            if (!learner.IsLive)
                continue;
            peers.Send(learner.Link, ping ??= peers.Write(PacketType.Ping, last));

            // One that does not serve yet need not answer.
            if (learner.State != HandlerState.Active)
                continue;
            learner.PingsSent++;
            if (learner.CheckedBy == 0)
                learner.CheckedBy = learner.PingsSent;
        }
    }

    public void OnPong(LearnerHandler learner, Zxid last)
    {
        if (learner.State != HandlerState.Active)
            return;
        learner.PongsHeard++;
        Check(last);
    }

    private void Begin(Zxid last)
    {
        _again = false;
        _asked++;
        foreach (var learner in learners.All)
            learner.CheckedBy = 0;
        Ping(last);
        Check(last);
    }

    private void Check(Zxid last)
    {
        if (!Running || !learners.HasQuorum(learner => learner.CheckedBy > 0 && learner.PongsHeard >= learner.CheckedBy))
            return;
        Confirmed = _asked;
        if (_again)
            Begin(last);
    }
}
