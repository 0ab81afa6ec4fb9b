using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.RunOnce;

/// <summary>Tells of each job that is done.</summary>
internal static class Watch
{
    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        await using var cache = new TreeCache(client, JobList.Jobs);
        await foreach (var change in cache.ObserveAsync(run.Stop))
        {
            // A result is there once and for all. A job that is already done at the beginning is told of, too.
            if (change.New is { Data.IsEmpty: false } done && change.Kind is TreeChangeKind.Added or TreeChangeKind.Updated)
                Console.WriteLine($"{done.Name} was done by {Encoding.UTF8.GetString(done.Data.Span)}");
        }
    }
}
