using BenchmarkDotNet.Attributes;
using Quoll.Core;
using Quoll.Core.Sessions;

namespace Quoll.Benchmarks;

/// <summary>10,000 sessions that are heard of, or not.</summary>
public class SessionBenchmarks
{
    private const int Count = 10_000;
    private const int TickTime = 2000;
    private readonly ExpiringSessions _tracker = new(TickTime);
    private readonly Session[] _sessions = new Session[Count];
    private Instant _now = new(1_000_000);

    [GlobalSetup]
    public void Setup()
    {
        for (var i = 0; i < Count; i++)
            _sessions[i] = _tracker.Add(i + 1, 30_000, _now);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void TouchInTheSameTick()
    {
        foreach (var session in _sessions)
            _tracker.Touch(session, _now);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void TouchInTheNextTick()
    {
        _now += TickTime;
        foreach (var session in _sessions)
            _tracker.Touch(session, _now);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void ExpireAndBeginAgain()
    {
        _now += 60_000;
        while (_tracker.TakeExpired(_now) is { } session)
            _tracker.Touch(session, _now);
    }
}
