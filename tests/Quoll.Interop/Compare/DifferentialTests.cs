using Quoll.Differential;
using Quoll.Interop.Servers;
using ServerKind = Quoll.Differential.Comparing.ServerKind;

namespace Quoll.Interop.Compare;

/// <summary>A slice of the differential run: the same bytes to Apache's server and to Quoll, compared byte by byte.</summary>
[Trait("server", "Quoll")]
public sealed class DifferentialTests
{
    // Sessions that can expire while one waits, and others that live through a sequence.
    private static readonly string[] Settings = ["tickTime=100", "minSessionTimeout=200", "maxSessionTimeout=40000", "forceSync=no"];

    [Theory]
    [InlineData(101, false)]
    [InlineData(202, true)]
    public async Task Quoll_answers_as_Apaches_server_does(int seed, bool pipeline)
    {
        await using var apache = await ServerProcess.StartAsync(Servers.ServerKind.Apache, Settings);
        await using var quoll = await ServerProcess.StartAsync(Servers.ServerKind.Quoll, Settings);
        var options = new DifferentialOptions(EndPointOf(apache), EndPointOf(quoll))
        {
            LeftIs = ServerKind.Apache38,
            RightIs = ServerKind.Quoll,
            Seed = seed,
            Sequences = 60,
            Pipeline = pipeline,
            Expire = true,
        };

        var report = await DifferentialRun.RunAsync(options, TestContext.Current.CancellationToken);

        Assert.True(report.Differences.Count == 0, string.Join('\n', report.Differences));
    }

    [Fact]
    public async Task A_single_wrong_bit_is_found_and_told_with_the_seed_and_the_shortest_sequence_that_shows_it()
    {
        const int sync = 9;
        await using var right = await ServerProcess.StartAsync(Servers.ServerKind.Quoll, Settings);
        await using var wrong = await ServerProcess.StartAsync(Servers.ServerKind.Quoll, Settings);
        var options = new DifferentialOptions(EndPointOf(right), EndPointOf(wrong))
        {
            LeftIs = ServerKind.Quoll,
            RightIs = ServerKind.Quoll,
            Seed = 404,
            Sequences = 50,
            CorruptRepliesTo = sync,
        };

        var report = await DifferentialRun.RunAsync(options, TestContext.Current.CancellationToken);

        var told = Assert.Single(report.Differences);
        Assert.Contains("of seed 404", told, StringComparison.Ordinal);
        Assert.Contains("--seed 404 --first ", told, StringComparison.Ordinal);
        Assert.Contains("the shortest found (2 ops", told, StringComparison.Ordinal);
    }

    private static Endpoint EndPointOf(ServerProcess server) => new("127.0.0.1", server.Port);
}
