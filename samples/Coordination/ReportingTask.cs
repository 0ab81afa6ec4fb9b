using System.Globalization;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.Coordination;

/// <summary>
/// A task that says in its ephemeral znode how far it is. That the znode is gone says that the task has ended, well or not; that it ended
/// well it says before, by a znode that stays.
/// </summary>
internal static class ReportingTask
{
    /// <summary>Below it each task has its ephemeral znode, with its progress in percent.</summary>
    public const string Running = "/tasks/running";

    /// <summary>Below it are those that were finished.</summary>
    public const string Finished = "/tasks/finished";

    // This stands for work.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(300);

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        await client.TryCreateAsync("/tasks", cancellationToken: run.Stop);
        await client.TryCreateAsync(Finished, cancellationToken: run.Stop);
        await client.TryDeleteAsync($"{Finished}/{name}", cancellationToken: run.Stop);
        await using var progress = await new GroupMembership(client, Running).JoinAsync(name, Percent(0), run.Stop);
        for (var percent = 10; percent <= 100; percent += 10)
        {
            await Task.Delay(Step, run.Stop);
            await progress.UpdateAsync(Percent(percent), run.Stop);
        }

        await client.TryCreateAsync($"{Finished}/{name}", cancellationToken: run.Stop);
        Console.WriteLine($"{name} has done its work");

        static byte[] Percent(int percent) => Encoding.UTF8.GetBytes(percent.ToString(CultureInfo.InvariantCulture));
    }
}
