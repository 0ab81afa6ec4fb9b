using Quoll.Recipes;

namespace Quoll.Samples.Coordination;

/// <summary>A worker that pushes as many messages as it is told, and reports what it does.</summary>
internal static class PushWorker
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        await Push.OpenAsync(client, run.Stop);
        await using var order = new ZnodeCache(client, Push.Order);
        await order.Ready;
        var (now, pushed) = (PushOrder.Read(order.Current!.Value), 0);
        await using var report = await new GroupMembership(client, Push.Workers).JoinAsync(
            name, new PushReport(now.Number, now.PerSecond, pushed).Write(), run.Stop);
        while (true)
        {
            if (now.PerSecond > 0)
                Console.WriteLine($"{name} pushes messages {pushed + 1} to {pushed += now.PerSecond}");
            await report.UpdateAsync(new PushReport(now.Number, now.PerSecond, pushed).Write(), run.Stop);
            now = await NextAsync(order, now, run.Stop);
        }
    }

    // A new order at once, or the same when a second has passed.
    private static async Task<PushOrder> NextAsync(ZnodeCache order, PushOrder now, CancellationToken stop)
    {
        using var second = CancellationTokenSource.CreateLinkedTokenSource(stop);
        second.CancelAfter(Second);
        try
        {
            var znode = await order.ObserveAsync(second.Token).FirstAsync(
                znode => znode is { } next && PushOrder.Read(next).Number != now.Number, second.Token);
            return PushOrder.Read(znode!.Value);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return now;
        }
    }
}
