namespace Quoll.Core.Zab;

/// <summary>Whom a learner connects to.</summary>
/// <param name="Server">Its number.</param>
/// <param name="ForObservers">At its port for observers, and not at that for all learners.</param>
internal readonly record struct MasterPort(long Server, bool ForObservers);

/// <summary>
/// Whom an observer learns from where followers serve observers: each other voter in turn, in an order of this observer's own, so that
/// many spread over all.
/// </summary>
internal sealed class ObserverMasters
{
    private readonly List<long> _voters;
    private int _next;

    public ObserverMasters(Ensemble ensemble, Prng prng)
    {
        _voters = [.. ensemble.Config.Voters.Order()];
        for (var last = _voters.Count - 1; last > 0; last--)
        {
            var other = (int)prng.Below(last + 1);
            (_voters[last], _voters[other]) = (_voters[other], _voters[last]);
        }
    }

    /// <summary>The next one. A leader serves no observers there; where nobody else votes, they have to go to its other port.</summary>
    public MasterPort Next(long leader)
    {
        for (var tried = 0; tried < _voters.Count; tried++)
        {
            var voter = _voters[_next++ % _voters.Count];
            if (voter != leader)
                return new MasterPort(voter, ForObservers: true);
        }

        return new MasterPort(leader, ForObservers: false);
    }
}
