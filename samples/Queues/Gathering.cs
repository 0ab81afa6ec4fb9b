using System.Globalization;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.Queues;

/// <summary>One of those who wait for each other.</summary>
internal static class Gathering
{
    public static async Task RunAsync(SampleRun run)
    {
        var (name, size) = (run.Arguments[0], int.Parse(run.Arguments[1], CultureInfo.InvariantCulture));
        await using var client = await run.ConnectAsync();
        Console.WriteLine($"{name} comes to the queue");
        await using var ticket = await new GatheringQueue(client, "/queue", size).JoinAsync(Encoding.UTF8.GetBytes(name), run.Stop);
        var members = await ticket.GetMembersAsync(run.Stop);
        var names = members.Select(member => member is null ? "(gone)" : Encoding.UTF8.GetString(member));
        Console.WriteLine($"{name} begins as number {ticket.Position + 1} of {ticket.Count}: {string.Join(' ', names)}");

        // Whoever comes now waits for the next queue, which begins when it is full and all of this one have gone.
        await Task.Delay(Timeout.Infinite, run.Stop);
    }
}
