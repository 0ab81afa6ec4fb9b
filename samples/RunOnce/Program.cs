using Quoll.Samples;
using Quoll.Samples.RunOnce;

// Jobs that many hosts could run, and one shall.
return await new Sample("Jobs that must run once among many hosts.", DemonstrateAsync)
    .WithRole("host", "Run jobs, one at a time; each takes so many seconds.", Host.RunAsync, "name", "seconds")
    .WithRole("schedule", "Put a job on the list every so many seconds.", Schedule.RunAsync, "seconds")
    .WithRole("submit", "Put so many jobs of a name on the list.", SubmitAsync, "name", "count")
    .WithRole("watch", "Tell of each job that is done.", Watch.RunAsync)
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    // Two of them, since one alone could die: the list has each job once all the same.
    for (var number = 1; number <= 2; number++)
        run.Start("schedule", "2");
    run.Start("watch");
    foreach (var name in new[] { "a", "b", "c", "d" })
        Console.WriteLine($"started the host {name}, process {run.Start("host", name, "5").Pid}");
    Console.WriteLine("Kill one of them (kill -9), or stop it for a while (kill -STOP, kill -CONT); Ctrl+C ends all.");
    await Task.Delay(Timeout.Infinite, run.Stop);
}

static async Task SubmitAsync(SampleRun run)
{
    await using var client = await run.ConnectAsync();
    var jobs = new JobList(client);
    for (var number = 1; number <= int.Parse(run.Arguments[1]); number++)
    {
        var job = $"{run.Arguments[0]}-{number:00}";
        await jobs.PutAsync(job, run.Stop);
        Console.WriteLine($"{job} is on the list");
    }
}
