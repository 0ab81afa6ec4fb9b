using System.Diagnostics;
using Quoll.Recipes;

namespace Quoll.Samples.MasterElection;

/// <summary>Tells who writes in the master's book, and how long nobody did when that changes.</summary>
internal static class Watcher
{
    public static async Task RunAsync(SampleRun run)
    {
        var way = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        await using var book = new ZnodeCache(client, $"/{way}/book");
        var (writer, last, since) = ("nobody", 0, Stopwatch.StartNew());
        await foreach (var znode in book.ObserveAsync(run.Stop))
        {
            var (name, entry) = Book.Read(znode?.Data ?? []);
            if (entry < last)
                Console.WriteLine($"{way}: {name} has overwritten entry {last} by entry {entry}");
            if (name != writer)
            {
                var after = last == 0 ? "" : $", {since.Elapsed.TotalSeconds:0.0} s after {writer}";
                Console.WriteLine($"{way}: {name} writes, from entry {entry} on{after}");
            }

            (writer, last) = (name, entry);
            since.Restart();
        }
    }
}
