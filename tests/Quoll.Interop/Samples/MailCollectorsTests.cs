using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed partial class MailCollectorsTests(RecipeServers servers)
{
    private const int Accounts = 100_000;
    private const int Partitions = 4096;

    [Theory]
    [EachServer]
    public async Task Every_account_has_one_owner_at_any_time_whoever_dies_comes_or_freezes(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        using var directory = new TempDirectory();
        var journal = directory.File("journal");
        using var archive = SampleProgram.Start("MailCollectors", zookeeper, "archive", journal);
        using var watch = SampleProgram.Start("MailCollectors", zookeeper, "watch");
        using var killed = new Workers(zookeeper, "a", "b");
        using var others = new Workers(zookeeper, "c", "d", "e", "f");
        await watch.ExpectAsync(line => IsSharedOut(line, 6));

        killed.All.ForEach(worker => worker.Kill());
        await archive.ExpectAsync(line => line.StartsWith("all accounts of ", StringComparison.Ordinal));
        await archive.ExpectAsync(line => line.StartsWith("all accounts of ", StringComparison.Ordinal));
        await watch.ExpectAsync(line => IsSharedOut(line, 4));

        using var late = new Workers(zookeeper, "g");
        await watch.ExpectAsync(line => IsSharedOut(line, 5));

        // It stands still for longer than its session lives, comes back, and gets a share again.
        var frozen = others.All[0];
        frozen.Suspend();
        await archive.ExpectAsync(line => line.StartsWith("all accounts of c ", StringComparison.Ordinal));
        await watch.ExpectAsync(line => IsSharedOut(line, 4));
        frozen.Resume();
        await watch.ExpectAsync(line => IsSharedOut(line, 5));

        // The archive last, which hears from all others to the end.
        foreach (var worker in others.All.Concat(late.All).Append(watch))
            await worker.FinishAsync();
        foreach (var worker in killed.All)
            await worker.EndAsync();
        await archive.FinishAsync();
        AssertOneOwnerAtATime(await File.ReadAllLinesAsync(journal));
        Assert.DoesNotContain(
            killed.All.Concat(others.All).Concat(late.All).SelectMany(worker => worker.Said),
            line => line.Contains("WHICH IT OWNS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_shows_itself_by_one_command()
    {
        using var sample = SampleProgram.Start("MailCollectors");
        var seventh = await sample.ExpectAsync(line => line.StartsWith("worker-07 collects, process ", StringComparison.Ordinal));
        await sample.ExpectAsync(line => IsSharedOut(line, 20));
        using (var worker = Process.GetProcessById(int.Parse(seventh.Split(' ')[^1], CultureInfo.InvariantCulture)))
            worker.Kill();
        await sample.ExpectAsync(line => line.StartsWith("all accounts of worker-07 are owned by others", StringComparison.Ordinal));
        await sample.ExpectAsync(line => IsSharedOut(line, 19));
        await sample.FinishAsync();
    }

    // Nobody has a tenth more than another.
    private static bool IsSharedOut(string line, int workers) =>
        LoadLine().Match(line) is { Success: true } match
        && Number(match, 1) == workers && Number(match, 2) == Accounts && Number(match, 4) <= Number(match, 3) * 1.1;

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+) workers, (\d+) accounts, from (\d+) to (\d+) each, ")]
    private static partial Regex LoadLine();

    // Who owned a partition is what its owners said: that it was theirs at this time, as far as they could know.
    private static void AssertOneOwnerAtATime(string[] journal)
    {
        var byPartition = journal.Select(Ownership.Read).ToLookup(ownership => ownership.Partition);
        Assert.Equal(Enumerable.Range(0, Partitions), byPartition.Select(partition => partition.Key).Order());
        foreach (var partition in byPartition)
        {
            var inTime = partition.OrderBy(ownership => ownership.From).ToList();
            foreach (var (before, after) in inTime.Zip(inTime.Skip(1)))
            {
                Assert.True(before.Until <= after.From, $"{before} and {after} at the same time");
                Assert.True(before.Token < after.Token, $"{after} after {before}");
            }
        }
    }

    private sealed record Ownership(int Partition, long Token, string Worker, long From, long Until)
    {
        public static Ownership Read(string line) => line.Split(' ') is [var partition, var token, var worker, var from, var until, _]
            ? new Ownership(Int(partition), Long(token), worker, Long(from), Long(until))
            : throw new FormatException($"'{line}' is no line of the journal.");

        private static int Int(string word) => int.Parse(word, CultureInfo.InvariantCulture);

        private static long Long(string word) => long.Parse(word, CultureInfo.InvariantCulture);
    }

    private sealed class Workers(string zookeeper, params string[] names) : IDisposable
    {
        public List<ClientProgram> All { get; } =
            [.. names.Select(name => SampleProgram.Start("MailCollectors", zookeeper, "worker", name))];

        public void Dispose() => All.ForEach(worker => worker.Dispose());
    }
}
