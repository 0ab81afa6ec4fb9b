using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.Locks;

/// <summary>Writes the report, when it is its turn.</summary>
internal static class Writer
{
    private const string Report = "/report";

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        var time = TimeSpan.FromSeconds(double.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        await client.TryCreateAsync(Report, Encoding.UTF8.GetBytes("nobody"), cancellationToken: run.Stop);
        var theLock = new DistributedLock(client, LockQueue.Lock, new LockOptions { Identity = name });
        while (true)
        {
            await using var held = await theLock.AcquireAsync(run.Stop);
            var last = Encoding.UTF8.GetString((await client.GetAsync(Report, run.Stop)).Data);
            Console.WriteLine($"{name} holds the lock with the token {held.FencingToken}; the report was last written by {last}");
            await UntilTimeOrLineAsync(run, time);

            // Others give up when held.Lost fires. This one does not look, and could do no harm if it did not even know.
            try
            {
                await held.Fenced.SetAsync(Report, Encoding.UTF8.GetBytes(name), cancellationToken: run.Stop);
                Console.WriteLine($"{name} has written the report");
            }
            catch (LockLostException e)
            {
                Console.WriteLine($"{name} was refused: {e.Message}");
            }
            catch (ZooKeeperException e) when (e.Outcome == RequestOutcome.Unknown)
            {
                // The connection broke before the answer. If it was written, that was under the lock.
                Console.WriteLine($"{name} can't tell whether it has written the report: {e.Message}");
            }
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
