using System.Globalization;
using Quoll.Samples;
using Quoll.Samples.Configuration;

// Two things that stand in znodes: the settings of many processes, which have them as soon as they change, and how far each consumer of a
// feed has come, so that it goes on there when it was killed.
return await new Sample("Settings that are pushed to many processes, and consumers' offsets.", DemonstrateAsync)
    .WithRole("app", "Be an ASP.NET app whose settings are znodes.", ShopApp.RunAsync, "name", "file-for-the-last-good-copy")
    .WithRole("set", "Change a setting.", Settings.SetAsync, "key", "value")
    .WithRole("consume", "Consume the lines of a file, from where this consumer was last.", Consumer.RunAsync, "name", "file")
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    var directory = Directory.CreateTempSubdirectory("quoll-configuration-");
    try
    {
        await Settings.SetAsync(run with { Arguments = ["Greeting", "Good morning"] });
        await Settings.SetAsync(run with { Arguments = ["Limit", "3"] });
        foreach (var name in new[] { "north", "south", "west" })
            run.Start(line => Tell(name, line), "app", name, Path.Combine(directory.FullName, $"{name}.json"));
        var feed = Path.Combine(directory.FullName, "feed");
        foreach (var name in new[] { "billing", "mailing" })
            Console.WriteLine($"{name} is process {run.Start("consume", name, feed).Pid}, and consumes {feed}");

        for (var order = 1; ; order++)
        {
            await File.AppendAllTextAsync(feed, string.Create(CultureInfo.InvariantCulture, $"order {order}\n"), run.Stop);
            await Task.Delay(TimeSpan.FromSeconds(1), run.Stop);
        }
    }
    finally
    {
        directory.Delete(recursive: true);
    }
}

// What its log says does not begin with its name.
static void Tell(string name, string line) =>
    Console.WriteLine(line.StartsWith($"{name} ", StringComparison.Ordinal) ? line : $"{name}: {line}");
