using Quoll.Samples;
using Quoll.Samples.Locks;

// A report that one process at a time may write, in the order in which they asked.
return await new Sample("An exclusive lock, its queue, and writes that need it.", DemonstrateAsync)
    .WithRole(
        "writer", "Queue for the lock, hold it for so many seconds or until a line is entered, write, and queue again.",
        Writer.RunAsync, "name", "seconds")
    .WithRole("queue", "Show who holds the lock and who waits, in order.", LockQueue.RunAsync)
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    run.Start("queue");
    foreach (var name in new[] { "anna", "ben", "cleo", "dan" })
        Console.WriteLine($"started {name}, process {run.Start("writer", name, "3").Pid}");
    Console.WriteLine("Kill the holder (kill -9), or stop it for a while (kill -STOP, kill -CONT); Ctrl+C ends all.");
    await Task.Delay(Timeout.Infinite, run.Stop);
}
