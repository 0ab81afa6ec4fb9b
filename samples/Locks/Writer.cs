using System.Globalization;
using Quoll.Recipes;

namespace Quoll.Samples.Locks;

/// <summary>Writes the report, when it is its turn.</summary>
internal static class Writer
{
    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        var time = TimeSpan.FromSeconds(double.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        await using var reportsClient = await run.ConnectAsync();
        var report = new Report(reportsClient);
        await report.OpenAsync(run.Stop);
        var theLock = new DistributedLock(client, LockQueue.Lock, new LockOptions { Identity = name });
        while (true)
        {
            await using var held = await theLock.AcquireAsync(run.Stop);
            var last = await report.ReadAsync(run.Stop);
            Console.WriteLine($"{name} holds the lock with the token {held.FencingToken}; the report was last written by {last}");
            await UntilTimeOrLineAsync(run, time);

            // Others give up when held.Lost fires. This one does not look, and could do no harm if it did not even know.
            Console.WriteLine(await report.TryWriteAsync(name, held, run.Stop)
                ? $"{name} has written the report"
                : $"{name} was refused by the server: {held.Path} is gone; the report is as {await report.ReadAsync(run.Stop)} left it");
        }
    }

    private static async Task UntilTimeOrLineAsync(SampleRun run, TimeSpan time)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        either.CancelAfter(time);
        try
        {
            // Where there is no input there is only the time.
            if (!await run.Input.WaitToReadAsync(either.Token))
                await Task.Delay(Timeout.Infinite, either.Token);
            run.Input.TryRead(out _);
        }
        catch (OperationCanceledException) when (!run.Stop.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
