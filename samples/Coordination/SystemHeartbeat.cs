using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.Coordination;

/// <summary>
/// A system that hears of others which it does not know: each has an ephemeral znode, and its heartbeat is that of its session.
/// </summary>
internal static class SystemHeartbeat
{
    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        var systems = new GroupMembership(client, "/systems");
        await using var here = await systems.JoinAsync(name, Encoding.UTF8.GetBytes($"process {Environment.ProcessId}"), run.Stop);
        Console.WriteLine($"{name} can be heard of");
        IReadOnlyList<GroupMember> before = [];
        await foreach (var now in systems.ObserveAsync(run.Stop))
        {
            foreach (var other in now.ExceptBy(before.Select(other => other.Path), other => other.Path).Where(other => other.Id != name))
                Console.WriteLine($"{name} hears of {other.Id}, {Encoding.UTF8.GetString(other.Payload.Span)}");
            foreach (var other in before.ExceptBy(now.Select(other => other.Path), other => other.Path).Where(other => other.Id != name))
                Console.WriteLine($"{name} does not hear of {other.Id} any more");
            before = now;
        }
    }
}
