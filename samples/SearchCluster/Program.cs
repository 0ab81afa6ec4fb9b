using Quoll.Samples;
using Quoll.Samples.SearchCluster;

// A collection is cut into fifteen parts, each served by one index server, while five more build parts anew and then take the place of
// those who served them. A master asks all who serve, and merges; a web front asks whoever is the master.
return await new Sample("Index servers that change places, a master that merges, and a web front that finds it.", DemonstrateAsync)
    .WithRole("index", "Be an index server.", IndexServer.RunAsync, "name")
    .WithRole("master", "Be the master, or its standby.", Master.RunAsync, "name")
    .WithRole("web", "Be a web front; port 0 is any that is free.", WebFront.RunAsync, "port")
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    for (var i = 1; i <= 20; i++)
        Console.WriteLine($"index-{i:00} is process {run.Start("index", $"index-{i:00}").Pid}");
    foreach (var name in new[] { "mona", "lena" })
        Console.WriteLine($"{name} is process {run.Start("master", name).Pid}");
    run.Start("web", "0");
    Console.WriteLine("Kill the master or an index server (kill -9) while you ask the web front; Ctrl+C ends all.");
    await Task.Delay(Timeout.Infinite, run.Stop);
}
