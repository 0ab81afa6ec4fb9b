using Quoll.Simulator;

namespace Quoll.Tests.Simulator;

/// <summary>Whole ensembles on a network, disks and a clock that do what a seed says (<c>tests/Quoll.Simulator</c>).</summary>
public sealed class SimulationTests
{
    public static TheoryData<int, int, int> Ensembles => new()
    {
        { 1, 3, 0 }, { 2, 3, 0 }, { 3, 3, 0 }, { 4, 3, 1 }, { 5, 3, 1 }, { 6, 5, 0 }, { 7, 5, 1 }, { 8, 5, 1 }, { 9, 1, 0 }, { 10, 1, 2 },

        // Seeds that found something once.
        { 181, 3, 0 }, { 470, 3, 0 }, { 603, 3, 0 },
    };

    [Theory]
    [MemberData(nameof(Ensembles))]
    public void An_ensemble_keeps_its_promises_through_crashes_failing_disks_and_partitions(int seed, int servers, int observers)
    {
        var scenario = new Scenario(seed, servers, observers);

        var complaints = scenario.Run(30_000);

        Assert.True(complaints.Count == 0, string.Join('\n', complaints.Concat(scenario.Trace.TakeLast(200))));
        Assert.InRange(scenario.Answered, 1000, int.MaxValue);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var first = new Scenario(42);
        var second = new Scenario(42);
        first.Run(10_000);
        second.Run(10_000);

        Assert.Equal(first.Trace, second.Trace);
    }
}
