using Quoll.Core.Election;
using Quoll.Core.Quorum;
using Quoll.Simulator.Checks;

namespace Quoll.Simulator;

/// <summary>
/// An ensemble in one thread: real peers and real storage on a network, disks and a clock that do what a seed says. Nothing happens
/// but events, one after the other; the same seed gives the same run.
/// </summary>
internal sealed class Simulation
{
    private const int MostComplaints = 20;
    private readonly PriorityQueue<Action, (long Time, long Sequence)> _events = new();
    private readonly List<string> _complaints = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _sequence;

    public Simulation(int seed, int servers, int observers = 0, ElectionAlgorithm election = ElectionAlgorithm.Fast)
    {
        Random = new Random(seed);
        Election = election;
        var members = Enumerable.Range(1, servers + observers)
            .Select(id => new Member(id, [new MemberAddress($"host{id}", 2888, 3888)], id > servers, null, 2181));
        Config = new EnsembleConfig(members);
        Traits = new Traits(seed, observers > 0);
        Ledger = new Ledger(this);
        Network = new SimNetwork(this);
        Servers = [.. Config.Members.Keys.Order().Select(id => new SimServer(this, id))];
    }

    public Random Random { get; }

    public EnsembleConfig Config { get; }

    public ElectionAlgorithm Election { get; }

    public Traits Traits { get; }

    /// <summary>Called when something happens to a server. What comes of it must come as an event of its own.</summary>
    public Action<SimServer, Moment> Happens { get; set; } = (_, _) => { };

    public IReadOnlyList<SimServer> Servers { get; }

    public SimNetwork Network { get; }

    /// <summary>What all servers together have done, and what is wrong with it.</summary>
    public Ledger Ledger { get; }

    /// <summary>Microseconds since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>What went wrong while it ran.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>What happened, a line each, for those who look for the reason of a failure.</summary>
    public List<string> Trace { get; } = [];

    public SimServer ServerOf(long id) => Servers[(int)id - 1];

    /// <summary>Something is as it never may be. The run ends soon after.</summary>
    public void Complain(string what)
    {
        Say($"!! {what}");
        if (_complaints.Count < MostComplaints)
            _complaints.Add(what);
    }

    public void Say(string what) => Trace.Add($"{Now / 1000.0,12:F3} {what}");

    /// <summary>Has something happen after so many microseconds.</summary>
    public void After(long microseconds, Action what)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            Environment.FailFast($"What is simulated goes on on another thread, and does not repeat.\n{Environment.StackTrace}");
        _events.Enqueue(what, (Now + microseconds, _sequence++));
    }

    public long Between(int least, int most) => Random.Next(least, most + 1);

    public bool Chance(double chance) => Random.NextDouble() < chance;

    /// <summary>Lets so many milliseconds pass, or until something is wrong.</summary>
    public void Run(int milliseconds)
    {
        var end = Now + (milliseconds * 1000L);
        while (_complaints.Count == 0 && _events.TryPeek(out _, out var next) && next.Time <= end)
        {
            var what = _events.Dequeue();
            Now = next.Time;
            what();
        }

        Now = end;
    }

    /// <summary>Lets time pass until something is so; false if it does not come to be within so many milliseconds.</summary>
    public bool RunUntil(Func<bool> isSo, int milliseconds)
    {
        for (var passed = 0; passed < milliseconds && !isSo() && _complaints.Count == 0; passed += 10)
            Run(10);
        return isSo();
    }
}
