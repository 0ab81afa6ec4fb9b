using Quoll.Samples;
using Quoll.Samples.Coordination;

// Programs that have nothing to do with each other but some znodes: systems that hear of each other, workers that obey a console, and
// tasks that say how far they are.
return await new Sample("Systems that hear of each other, workers that obey a console, tasks that report.", DemonstrateAsync)
    .WithRole("system", "Be a system that hears of others.", SystemHeartbeat.RunAsync, "name")
    .WithRole("push", "Be a worker that pushes messages as it is told.", PushWorker.RunAsync, "name")
    .WithRole("task", "Be a task that reports its progress.", ReportingTask.RunAsync, "name")
    .WithRole("console", "Steer the workers and watch the tasks, by commands on standard input.", OperatorConsole.RunAsync)
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    foreach (var (role, name) in new[]
             {
                 ("system", "orders"), ("system", "billing"), ("push", "east"), ("push", "west"), ("task", "backup"),
             })
    {
        Console.WriteLine($"{name} is process {run.Start(role, name).Pid}");
    }

    await OperatorConsole.RunAsync(run);
}
