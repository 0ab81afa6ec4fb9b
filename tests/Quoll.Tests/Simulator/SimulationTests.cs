using Quoll.Core.Election;
using Quoll.Simulator;

namespace Quoll.Tests.Simulator;

/// <summary>Whole ensembles on a network, disks and a clock that do what a seed says (<c>tests/Quoll.Simulator</c>).</summary>
public sealed class SimulationTests
{
    private const int Milliseconds = 30_000;

    public static TheoryData<int, int, int> Ensembles => new()
    {
        { 1, 3, 0 }, { 2, 3, 0 }, { 3, 3, 0 }, { 4, 3, 1 }, { 5, 3, 2 }, { 6, 5, 0 }, { 7, 5, 1 }, { 8, 1, 0 }, { 9, 1, 2 },

        // Seeds that found something once.
        { 2024, 5, 1 }, { 11014, 3, 0 }, { 13009, 3, 2 },
    };

    /// <summary>Those that elect their leaders by datagrams.</summary>
    public static TheoryData<int, int, int> BasicEnsembles => new()
    {
        { 1, 3, 0 }, { 2, 3, 1 }, { 3, 5, 1 }, { Random.Shared.Next(), 3, 0 },
    };

    public static TheoryData<int, int, int> FreshEnsembles => new()
    {
        { Random.Shared.Next(), 3, 0 }, { Random.Shared.Next(), 3, 1 }, { Random.Shared.Next(), 5, 0 },
    };

    [Theory]
    [MemberData(nameof(Ensembles))]
    public void An_ensemble_keeps_its_promises_through_crashes_failing_disks_and_partitions(int seed, int servers, int observers) =>
        Run(seed, servers, observers);

    /// <summary>Other seeds each time. A failure names its seed, and belongs into the list above.</summary>
    [Theory]
    [MemberData(nameof(FreshEnsembles), DisableDiscoveryEnumeration = true)]
    public void An_ensemble_keeps_its_promises_with_seeds_that_nobody_has_tried(int seed, int servers, int observers) =>
        Run(seed, servers, observers);

    [Theory]
    [MemberData(nameof(BasicEnsembles), DisableDiscoveryEnumeration = true)]
    public void An_ensemble_keeps_its_promises_where_leaders_are_elected_by_datagrams(int seed, int servers, int observers) =>
        Run(seed, servers, observers, ElectionAlgorithm.Basic);

    [Theory]
    [InlineData(ElectionAlgorithm.Fast)]
    [InlineData(ElectionAlgorithm.Basic)]
    public void The_same_seed_gives_the_same_run(ElectionAlgorithm election)
    {
        var first = new Scenario(42, election: election);
        var second = new Scenario(42, election: election);
        first.Run(10_000);
        second.Run(10_000);

        Assert.Equal(first.Trace, second.Trace);
    }

    private static void Run(int seed, int servers, int observers, ElectionAlgorithm election = ElectionAlgorithm.Fast)
    {
        var scenario = new Scenario(seed, servers, observers, election);

        var complaints = scenario.RunSafely(Milliseconds);

        var again = $"replay: dotnet run -c Release --project tests/Quoll.Simulator -- --seed {seed} --servers {servers} "
            + $"--observers {observers} --election {election} --seconds {Milliseconds / 1000}";
        Assert.True(complaints.Count == 0, string.Join('\n', complaints.Prepend(again).Concat(scenario.Trace.TakeLast(200))));
        Assert.InRange(scenario.Answered, 1000, int.MaxValue);
    }
}
