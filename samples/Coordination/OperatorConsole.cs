using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.Coordination;

/// <summary>
/// Steers the workers by an order that stands in a znode, and says what they and the tasks report. It knows none of them: there may be
/// other consoles, and this one may be ended and started again.
/// </summary>
internal sealed class OperatorConsole(ZooKeeperClient client)
{
    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        await Push.OpenAsync(client, run.Stop);
        var console = new OperatorConsole(client);
        Console.WriteLine("Say `send 5` to let each worker push five messages a second, or `pause`; Ctrl+C ends.");
        var parts = new[]
        {
            console.ReadCommandsAsync(run), console.WatchWorkersAsync(run.Stop), console.WatchTasksAsync(run.Stop),
        };

        // None ends before the console does, unless by a failure.
        await await Task.WhenAny(parts);
    }

    private async Task ReadCommandsAsync(SampleRun run)
    {
        await foreach (var line in run.Input.ReadAllAsync(run.Stop))
        {
            int? perSecond = line.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
            {
                ["send", var number]
                    when int.TryParse(number, CultureInfo.InvariantCulture, out var many) && many is > 0 and <= 1000 => many,
                ["pause"] => 0,
                _ => null,
            };
            if (perSecond is not { } wanted)
                Console.WriteLine($"'{line}' is no command: they are `send` with a number up to 1000, and `pause`.");
            else
                await client.SetAsync(Push.Order, new PushOrder(0, wanted).Write(), cancellationToken: run.Stop);
        }

        await Task.Delay(Timeout.Infinite, run.Stop);
    }

    private async Task WatchWorkersAsync(CancellationToken stop)
    {
        var before = new Dictionary<string, PushReport>();
        await foreach (var workers in new GroupMembership(client, Push.Workers).ObserveAsync(stop))
        {
            var now = workers.ToDictionary(worker => worker.Id, worker => PushReport.Read(worker.Payload.Span));
            foreach (var (gone, last) in before.Where(worker => !now.ContainsKey(worker.Key)))
                Console.WriteLine($"worker {gone} is gone, it had pushed {last.Pushed} messages");
            foreach (var (name, report) in now.Where(worker => before.GetValueOrDefault(worker.Key)?.Order != worker.Value.Order))
                Console.WriteLine($"worker {name} obeys order {report.Order}: {report.PerSecond} a second");
            before = now;
        }
    }

    private async Task WatchTasksAsync(CancellationToken stop)
    {
        var before = new Dictionary<string, string>();
        await foreach (var tasks in new GroupMembership(client, ReportingTask.Running).ObserveAsync(stop))
        {
            var now = tasks.ToDictionary(task => task.Id, task => Encoding.UTF8.GetString(task.Payload.Span));
            foreach (var (name, percent) in now.Where(task => before.GetValueOrDefault(task.Key) != task.Value))
                Console.WriteLine($"task {name} is at {percent} %");

            // Changes are seen in their order: who sees that its znode is gone sees whether it was finished before.
            foreach (var (name, percent) in before.Where(task => !now.ContainsKey(task.Key)))
            {
                var isFinished = await client.ExistsAsync($"{ReportingTask.Finished}/{name}", stop) is not null;
                Console.WriteLine(isFinished ? $"task {name} is finished" : $"task {name} broke off at {percent} %");
            }

            before = now;
        }
    }
}
