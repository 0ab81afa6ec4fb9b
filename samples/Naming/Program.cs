using Quoll.Samples;
using Quoll.Samples.Naming;

// Services that find each other by name: whoever serves is listed below /services/<name>, for as long as it lives.
return await new Sample("Services that find each other by a path.", DemonstrateAsync)
    .WithRole("serve", "Be one instance of a service.", Service.RunAsync, "name")
    .WithRole("call", "Call the instances of a service by turns.", Caller.RunAsync, "name")
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    foreach (var service in new[] { "orders", "orders", "orders", "stock" })
        Console.WriteLine($"started an instance of {service}, process {run.Start("serve", service).Pid}");
    run.Start("call", "orders");
    Console.WriteLine("Kill one of them (kill -9), or start another; Ctrl+C ends all.");
    await Task.Delay(Timeout.Infinite, run.Stop);
}
