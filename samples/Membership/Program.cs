using Quoll.Samples;
using Quoll.Samples.Membership;

// Who is there, who has come and who has gone.
return await new Sample("Membership and monitoring: who joined, who left.", DemonstrateAsync)
    .WithRole("member", "Be a member; each line of input is what it says of itself from then on.", Member.RunAsync, "name")
    .WithRole("monitor", "Tell who joins, who leaves, and what they say.", GroupMonitor.RunAsync)
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    run.Start("monitor");
    string[] names = ["anna", "ben", "cleo", "dan"];
    var members = Array.ConvertAll(names, name => run.Start("member", name));
    Console.WriteLine("Kill one of them (kill -9), or stop it for a while (kill -STOP, kill -CONT); Ctrl+C ends all.");
    for (var number = 1; ; number++)
    {
        await Task.Delay(TimeSpan.FromSeconds(5), run.Stop);
        var member = members[number % members.Length];
        if (member.IsRunning)
            member.Tell($"at work on task {number}");
    }
}
