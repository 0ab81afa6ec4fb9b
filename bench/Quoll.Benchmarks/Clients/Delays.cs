using System.Diagnostics;
using System.Globalization;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Benchmarks.Clients;

/// <summary>
/// How long a lock takes where a network is slow, in the time that bytes need one way: two of them are a round trip. Three sessions want
/// it: the second gets it from the first, for whom it waited, and the third from the second, which stood before it in the queue.
/// </summary>
internal static class Delays
{
    public static async Task MeasureAsync(string server, string path, TimeSpan delay, int rounds)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ZooKeeperClient.ConnectAsync(server).AsTask()));
        var locks = Array.ConvertAll(clients, client => new DistributedLock(client, path));
        var (acquire, release, handOver, later) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        await (await locks[0].AcquireAsync()).DisposeAsync();
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            var held = await locks[0].AcquireAsync();
            acquire.Add(Since(began));
            var second = await WaitAsync(locks[1], 2);
            var third = await WaitAsync(locks[2], 3);

            // What they do to wait has been done.
            await Task.Delay(8 * delay);
            began = Stopwatch.GetTimestamp();
            var releasing = TimedAsync(held, began);
            held = await second;
            handOver.Add(Since(began));
            release.Add(await releasing);
            began = Stopwatch.GetTimestamp();
            releasing = TimedAsync(held, began);
            held = await third;
            later.Add(Since(began));
            release.Add(await releasing);
            await held.DisposeAsync();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"acquire={Median(acquire):0.0} release={Median(release):0.0} hand_over={Median(handOver):0.0} later={Median(later):0.0}"));
        foreach (var client in clients)
            await client.DisposeAsync();

        double Since(long began) => Stopwatch.GetElapsedTime(began) / delay;

        async Task<double> TimedAsync(LockHandle held, long began)
        {
            await held.DisposeAsync();
            return Since(began);
        }
    }

    private static async Task<Task<LockHandle>> WaitAsync(DistributedLock theLock, int contenders)
    {
        var waiting = theLock.AcquireAsync().AsTask();
        while ((await theLock.GetContendersAsync()).Count < contenders)
        {
            // It asks the server, which takes its time.
        }

        return waiting;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
