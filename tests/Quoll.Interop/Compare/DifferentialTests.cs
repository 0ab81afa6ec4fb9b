using Quoll.Differential;
using Quoll.Interop.Servers;
using ServerKind = Quoll.Differential.Comparing.ServerKind;

namespace Quoll.Interop.Compare;

/// <summary>A slice of the differential run: the same bytes to Apache's server and to Quoll, compared byte by byte.</summary>
[Trait("server", "Quoll")]
public sealed class DifferentialTests
{
    private static readonly string[] Settings = ["tickTime=2000", "forceSync=no"];

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
        };

        var report = await DifferentialRun.RunAsync(options, TestContext.Current.CancellationToken);

        Assert.True(report.Differences.Count == 0, string.Join('\n', report.Differences));
    }

    private static Endpoint EndPointOf(ServerProcess server) => new("127.0.0.1", server.Port);
}
