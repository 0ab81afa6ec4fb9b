using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.Membership;

/// <summary>Tells who joins and who leaves: what is different from what was there before.</summary>
internal static class GroupMonitor
{
    public const string Group = "/group";

    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        var known = new Dictionary<string, GroupMember>();
        await foreach (var members in new GroupMembership(client, Group).ObserveAsync(run.Stop))
        {
            var now = members.ToDictionary(member => member.Id);
            foreach (var gone in known.Values.Where(member => !now.ContainsKey(member.Id)))
                Console.WriteLine($"{gone.Id} has left; it was there since {gone.Since:HH:mm:ss}");
            foreach (var member in members)
                Tell(known.GetValueOrDefault(member.Id), member);
            if (!known.Keys.ToHashSet().SetEquals(now.Keys))
                Console.WriteLine($"{now.Count} members: {string.Join(' ', members.Select(member => member.Id))}");
            known = now;
        }
    }

    private static void Tell(GroupMember? before, GroupMember now)
    {
        var says = Encoding.UTF8.GetString(now.Payload.Span);
        if (before is null)
            Console.WriteLine($"{now.Id} has joined: {says}");
        else if (before.SessionId != now.SessionId)
            Console.WriteLine($"{now.Id} has come again, in another session: {says}");
        else if (!before.Payload.Span.SequenceEqual(now.Payload.Span))
            Console.WriteLine($"{now.Id} says: {says}");
    }
}
