using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.Membership;

/// <summary>A member, which says what it is doing.</summary>
internal static class Member
{
    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        Console.WriteLine($"{name} joins, process {Environment.ProcessId}");

        // If another has this name, it is waited for until that one has gone.
        await using var membership = await new GroupMembership(client, GroupMonitor.Group).JoinAsync(name, Saying("idle"), run.Stop);
        var updating = UpdateAsync();
        await foreach (var state in membership.ObserveAsync(run.Stop))
            Console.WriteLine($"{name} is {state switch
            {
                RegistrationState.Registered => "a member",
                RegistrationState.Taken => "kept out by another of this name",
                _ => "being listed",
            }}");
        await updating;

        async Task UpdateAsync()
        {
            await foreach (var doing in run.Input.ReadAllAsync(run.Stop))
                await membership.UpdateAsync(Saying(doing), run.Stop);
        }
    }

    private static byte[] Saying(string doing) => Encoding.UTF8.GetBytes($"{doing}, process {Environment.ProcessId}");
}
