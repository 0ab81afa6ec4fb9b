using Quoll.Core.Quorum;
using Quoll.Protocol;

namespace Quoll.Core.Zab;

/// <summary>A leader's learners, and what they and the leader are a quorum for.</summary>
internal sealed class LearnerSet(long self, EnsembleConfig config)
{
    private readonly List<LearnerHandler> _learners = [];

    /// <summary>A list, because to go through one costs nothing.</summary>
    public List<LearnerHandler> All => _learners;

    public LearnerHandler? Find(Link link)
    {
        foreach (var learner in _learners)
        {
            if (learner.Link == link)
                return learner;
        }

        return null;
    }

    /// <summary>Another connection of the same server.</summary>
    public LearnerHandler? FindOther(LearnerHandler than, long server) =>
        _learners.Find(other => other != than && other.Server == server && other.State != HandlerState.Unknown);

    public List<LearnerHandler> Where(HandlerState state) => _learners.FindAll(learner => learner.State == state);

    public void Add(LearnerHandler learner) => _learners.Add(learner);

    /// <summary>Nothing more is heard from it or said to it.</summary>
    public void Remove(LearnerHandler learner)
    {
        learner.Link.Closed = true;
        _learners.Remove(learner);
    }

    /// <summary>True if this server and those that count are a quorum.</summary>
    public bool HasQuorum(Func<LearnerHandler, bool> counts)
    {
        Span<long> servers = stackalloc long[_learners.Count + 1];
        var count = 1;
        servers[0] = self;
        foreach (var learner in _learners)
        {
            if (!learner.IsObserver && counts(learner))
                servers[count++] = learner.Server;
        }

        return config.Verifier.IsQuorum(servers[..count]);
    }

    /// <summary>The last transaction that a quorum has: what each voter has, sorted, and the first that enough of them hold.</summary>
    public Zxid HeldByQuorum(Zxid own)
    {
        Span<long> servers = stackalloc long[_learners.Count + 1];
        Span<long> has = stackalloc long[_learners.Count + 1];
        var count = 1;
        (servers[0], has[0]) = (self, -own.Value);
        foreach (var learner in _learners)
        {
            if (learner is { State: HandlerState.Active, IsObserver: false })
                (servers[count], has[count++]) = (learner.Server, -learner.Acked.Value);
        }

        MemoryExtensions.Sort(has[..count], servers[..count]);
        for (var i = 0; i < count; i++)
        {
            if (config.Verifier.IsQuorum(servers[..(i + 1)]))
                return new Zxid(-has[i]);
        }

        return default;
    }
}
