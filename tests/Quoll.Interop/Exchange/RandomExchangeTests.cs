using System.Globalization;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Exchange;

/// <summary>Random histories, and a data directory that goes back and forth between the servers as each leaves it.</summary>
public sealed class RandomExchangeTests
{
    private const string SeedsVariable = "QUOLL_EXCHANGE_SEEDS";
    private const int RequestsInHop = 250;
    private static readonly string[] Compressions = ["", "gz", "snappy"];

    /// <summary>Seeds, two as a rule; more by <c>QUOLL_EXCHANGE_SEEDS=first-last</c>.</summary>
    public static TheoryData<int> Seeds
    {
        get
        {
            var range = (Environment.GetEnvironmentVariable(SeedsVariable) ?? "1-2").Split('-');
            var (first, last) = (Parse(range[0]), Parse(range[^1]));
            return [.. Enumerable.Range(first, last - first + 1)];

            static int Parse(string number) => int.Parse(number, CultureInfo.InvariantCulture);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_random_history_is_the_same_after_every_hop(int seed)
    {
        var random = new Random(seed);
        var kind = (ServerKind)(seed % 2);
        await using var server = await ServerProcess.StartAsync(kind, Settings(random));
        var sessions = new List<string[]>();
        ServerView? left = null;
        for (var hop = 0; hop < 4; hop++)
        {
            if (left is not null)
            {
                kind = random.Next(4) == 0 ? kind : Other(kind);
                server.Configure(Settings(random));
                await TakeOverAsync(server, kind, left, $"seed {seed}, hop {hop}");
            }

            sessions.AddRange(await WriteAsync(server, seed, hop));
            if (random.Next(3) == 0)
                await CheckDigestAsync(server);
            left = await ServerView.OfAsync(server);
            if (random.Next(2) == 0)
                server.Kill();
        }

        await TakeOverAsync(server, Other(kind), left!, $"seed {seed}, last hop");
        await ResumeAsync(server, sessions, left!);
        await CheckDigestAsync(server);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Both_servers_read_the_same_from_the_directory_of_one_killed_at_work(int seed)
    {
        var random = new Random(seed);
        await using var killed = await ServerProcess.StartAsync((ServerKind)(seed % 2), Settings(random));
        using (var history = ClientProgram.Python("exchange_random.py", killed.Address, $"{seed}", $"{random.Next(50, 400)}", "endless"))
        {
            await history.ExpectAsync("ok begun");
            killed.Kill();
        }

        await using var other = await ServerProcess.StartOnCopyAsync(killed, Other(killed.Kind), Settings(random));
        await killed.StartAsync();
        var (one, two) = (await ServerView.OfAsync(other), await ServerView.OfAsync(killed));
        one.AssertSameAs(two, $"seed {seed}, {other.Output}");
        Assert.Equal(two.DigestMismatches, one.DigestMismatches);
        one.AssertDigestsFit(killed.Kind, other.Output);
        await CheckDigestAsync(other);
    }

    private static async Task TakeOverAsync(ServerProcess server, ServerKind kind, ServerView left, string where)
    {
        var writer = server.Kind;
        await server.HandOverToAsync(kind);
        var found = await ServerView.OfAsync(server);
        found.AssertSameButForUsage(left, $"{where}, {server.Output}");
        found.AssertDigestsFit(writer, server.Output);
    }

    // Small enough for several snapshots and logs in each hop.
    private static string[] Settings(Random random) =>
    [
        "tickTime=2000", "preAllocSize=64", $"snapCount={random.Next(30, 300)}",
        $"snapshot.compression.method={Compressions[random.Next(Compressions.Length)]}",
    ];

    private static ServerKind Other(ServerKind kind) => kind == ServerKind.Apache ? ServerKind.Quoll : ServerKind.Apache;

    private static async Task<IEnumerable<string[]>> WriteAsync(ServerProcess server, int seed, int hop)
    {
        using var history = ClientProgram.Python("exchange_random.py", server.Address, $"{(seed * 100) + hop}", $"{RequestsInHop}");
        var said = await history.FinishAsync();
        return said.Select(line => line.Split(' ')).Where(words => words[0] == "session").Select(words => words[1..]);
    }

    private static async Task ResumeAsync(ServerProcess server, List<string[]> sessions, ServerView view)
    {
        string[] arguments = [server.Address, .. sessions.SelectMany(words => words.Append($"{view.EphemeralsOf(words[0])}"))];
        using var resume = ClientProgram.Python("exchange_resume.py", arguments);
        await resume.FinishWithStepsAsync("resumed");
    }

    private static async Task CheckDigestAsync(ServerProcess server)
    {
        using var check = ClientProgram.Python("check_digest.py", server.Address);
        await check.FinishWithStepsAsync("digest");
    }
}
