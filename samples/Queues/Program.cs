using Quoll.Samples;
using Quoll.Samples.Queues;

// Two queues: one of things to be done, first in, first out; and one of those who wait for each other.
return await new Sample("A queue of work, and a queue that starts when enough are there.", DemonstrateAsync)
    .WithRole("produce", "Put so many items into the queue of work.", Work.ProduceAsync, "name", "count")
    .WithRole("consume", "Take items and complete them, each after so many seconds.", Work.ConsumeAsync, "name", "seconds")
    .WithRole("gather", "Wait until so many are there, then go on together.", Gathering.RunAsync, "name", "size")
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    foreach (var name in new[] { "anna", "ben" })
        Console.WriteLine($"started the producer {name}, process {run.Start("produce", name, "1000").Pid}");
    foreach (var name in new[] { "one", "two", "three" })
        Console.WriteLine($"started the consumer {name}, process {run.Start("consume", name, "1").Pid}");
    Console.WriteLine("Kill a consumer (kill -9): its item goes to another. Ctrl+C ends all.");
    for (var number = 1; number <= 4; number++)
    {
        run.Start("gather", $"guest-{number}", "4");
        await Task.Delay(TimeSpan.FromSeconds(2), run.Stop);
    }

    await Task.Delay(Timeout.Infinite, run.Stop);
}
