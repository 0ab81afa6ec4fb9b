using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.Queues;

/// <summary>The queue of work: who puts in, and who takes out.</summary>
internal static class Work
{
    public static async Task ProduceAsync(SampleRun run)
    {
        var (name, count) = (run.Arguments[0], int.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        var queue = NewQueue(client, name);
        for (var number = 1; number <= count; number++)
        {
            // Waits while the queue is full.
            var item = $"{name}-{number:000}";
            await queue.EnqueueAsync(Encoding.UTF8.GetBytes(item), cancellationToken: run.Stop);
            Console.WriteLine($"{item} was put in");
        }

        Console.WriteLine($"{name} has put in all of its {count} items");
    }

    public static async Task ConsumeAsync(SampleRun run)
    {
        var (name, seconds) = (run.Arguments[0], double.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        await foreach (var item in NewQueue(client, name).ConsumeAsync(run.Stop))
        {
            // Disposed of before it was completed, it goes back to its place.
            await using (item)
                await WorkAsync(name, item, TimeSpan.FromSeconds(seconds), run.Stop);
        }
    }

    private static async Task WorkAsync(string name, WorkItem item, TimeSpan time, CancellationToken stop)
    {
        var what = Encoding.UTF8.GetString(item.Data.Span);
        Console.WriteLine($"{name} has {what}");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, item.Lost);
        await Task.Delay(time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        try
        {
            var isCompleted = !item.Lost.IsCancellationRequested && await item.CompleteAsync(stop);
            Console.WriteLine(isCompleted ? $"{name} has completed {what}" : $"{name} has lost {what}: another gets it");
        }
        catch (SessionExpiredException e)
        {
            // Another gets it, if it was not completed.
            Console.WriteLine($"{name} can't tell whether it has completed {what}: {e.Message}");
        }
    }

    private static WorkQueue NewQueue(ZooKeeperClient client, string name) =>
        new(client, "/work", new WorkQueueOptions { MaxItems = 30, Identity = name });
}
