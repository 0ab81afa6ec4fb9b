using Quoll.Simulator.Programs;

namespace Quoll.Tests.Simulator;

/// <summary>Processes that use the client and its recipes, against an ensemble, through faults of servers, network and processes.</summary>
public sealed class ProgramTests
{
    private const int Milliseconds = 60_000;

    /// <summary>Each program with seeds of its own, of which the last is another each time, and a failure names it; and seeds that found
    /// something once.</summary>
    public static TheoryData<string, int> Runs =>
    [
        .. ProgramRun.Names.SelectMany(name => (int[])[1, 2, Random.Shared.Next()], (name, seed) => (name, seed)),
        ("gathering", 130),
    ];

    [Theory]
    [MemberData(nameof(Runs), DisableDiscoveryEnumeration = true)]
    public void A_recipe_keeps_its_contract_through_faults_of_servers_network_and_processes(string program, int seed)
    {
        var run = ProgramRun.Of(program, seed);

        var complaints = run.Run(Milliseconds);

        var again = $"replay: dotnet run -c Release --project tests/Quoll.Simulator -- program {program} --seed {seed}";
        Assert.True(complaints.Count == 0, string.Join('\n', complaints.Prepend(again).Concat(run.Trace.TakeLast(200))));
    }

    [Theory]
    [InlineData("requests")]
    [InlineData("gathering")]
    [InlineData("chaos")]
    public void The_same_seed_gives_the_same_run_of_a_program(string program)
    {
        var first = ProgramRun.Of(program, 42);
        var second = ProgramRun.Of(program, 42);
        first.Run(10_000);
        second.Run(10_000);

        Assert.Equal(first.Trace, second.Trace);
    }
}
