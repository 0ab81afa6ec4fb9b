using System.Diagnostics;
using System.Globalization;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Benchmarks.Clients;

/// <summary>
/// The client's side of <c>bench/clients.sh</c>: does the same work as <c>zkclient.c</c> and <c>kazooload.py</c>, and prints what it took
/// of this process in fields "name=value".
/// </summary>
internal static class ClientLoad
{
    private const string Usage = """
        client HOST:PORT reads PATH OUTSTANDING SECONDS
        client HOST:PORT locks PATH OUTSTANDING SECONDS
        client HOST:PORT lists PATH OUTSTANDING
        client HOST:PORT delays PATH DELAY_MS ROUNDS
        client HOST:PORT proxy PORT DELAY_MS
        """;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case [var server, "reads", var path, var outstanding, var seconds]:
                await ReadsAsync(server, path, int.Parse(outstanding, CultureInfo.InvariantCulture), Seconds(seconds));
                return 0;
            case [var server, "locks", var path, var outstanding, var seconds]:
                await LocksAsync(server, path, int.Parse(outstanding, CultureInfo.InvariantCulture), Seconds(seconds));
                return 0;
            case [var server, "lists", var path, var outstanding]:
                await ListsAsync(server, path, int.Parse(outstanding, CultureInfo.InvariantCulture));
                return 0;
            case [var server, "delays", var path, var delay, var rounds]:
                await Delays.MeasureAsync(server, path, Milliseconds(delay), int.Parse(rounds, CultureInfo.InvariantCulture));
                return 0;
            case [var server, "proxy", var port, var delay]:
                await new DelayProxy(server, Milliseconds(delay)).RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
                return 0;
            default:
                await Console.Error.WriteLineAsync(Usage);
                return 2;
        }
    }

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(double.Parse(text, CultureInfo.InvariantCulture));

    private static async Task ReadsAsync(string server, string path, int outstanding, TimeSpan time)
    {
        await using var client = await ZooKeeperClient.ConnectAsync(server);
        var data = (await client.GetAsync(path)).Data.Length;
        await MeasureAsync(WarmUp, outstanding, RepeatAsync);
        var spent = await MeasureAsync(time, outstanding, RepeatAsync);
        Console.WriteLine(Invariant($"{spent} bytes={(double)spent.Bytes / spent.Count - data:0}"));

        async Task<long> RepeatAsync(int caller, Func<bool> goesOn)
        {
            var count = 0L;
            for (; goesOn(); count++)
                await client.GetAsync(path);
            return count;
        }
    }

    // The children of all znodes of a subtree, whose paths are known: what a listing of it must read, and nothing else.
    private static async Task ListsAsync(string server, string path, int outstanding)
    {
        await using var client = await ZooKeeperClient.ConnectAsync(server);
        var paths = new List<string> { path };
        for (var at = 0; at < paths.Count; at++)
            paths.AddRange((await client.GetChildrenAsync(paths[at])).Names.Select(name => $"{paths[at]}/{name}"));
        var next = -1;
        Console.WriteLine(Invariant($"{await MeasureAsync(TimeSpan.MaxValue, outstanding, ReadAsync)}"));

        async Task<long> ReadAsync(int caller, Func<bool> goesOn)
        {
            var count = 0L;
            for (; Interlocked.Increment(ref next) is var own && own < paths.Count; count++)
                await client.GetChildrenAsync(paths[own]);
            return count;
        }
    }

    private static async Task LocksAsync(string server, string path, int outstanding, TimeSpan time)
    {
        await using var client = await ZooKeeperClient.ConnectAsync(server);
        await MeasureAsync(WarmUp, outstanding, RepeatAsync);
        Console.WriteLine(Invariant($"{await MeasureAsync(time, outstanding, RepeatAsync)}"));

        async Task<long> RepeatAsync(int caller, Func<bool> goesOn)
        {
            var theLock = new DistributedLock(client, $"{path}/{caller}");
            var count = 0L;
            for (; goesOn(); count++)
                await (await theLock.AcquireAsync()).DisposeAsync();
            return count;
        }
    }

    private static async Task<Spent> MeasureAsync(TimeSpan time, int callers, Func<int, Func<bool>, Task<long>> repeat)
    {
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var bytes = GC.GetTotalAllocatedBytes();
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => repeat(caller, () => watch.Elapsed < time)));
        process.Refresh();
        return new Spent(counts.Sum(), watch.Elapsed, process.TotalProcessorTime - cpu, GC.GetTotalAllocatedBytes() - bytes);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Spent(long Count, TimeSpan Time, TimeSpan Cpu, long Bytes)
    {
        public override string ToString() =>
            Invariant($"ops={Count} seconds={Time.TotalSeconds:0.000} cpu={Cpu.TotalSeconds:0.000}");
    }
}
