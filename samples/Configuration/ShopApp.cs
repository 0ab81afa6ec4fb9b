using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Quoll.Samples.Configuration;

/// <summary>The settings, each of them a znode below <c>/config/shop</c>.</summary>
internal sealed record ShopOptions
{
    public string Greeting { get; set; } = "";

    public int Limit { get; set; }

    public override string ToString() => $"'{Greeting}', at most {Limit} a customer";
}

/// <summary>An ASP.NET app like any other: it has its settings from <see cref="IOptionsMonitor{TOptions}"/>.</summary>
internal static class ShopApp
{
    public static async Task RunAsync(SampleRun run)
    {
        var (name, copy) = (run.Arguments[0], run.Arguments[1]);
        using var logs = LoggerFactory.Create(
            log => log.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(format => format.SingleLine = true));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddZooKeeper("/config/shop", options =>
        {
            options.Client.ConnectionString = run.ConnectionString;
            options.Client.SessionTimeout = run.SessionTimeout;
            options.LoadTimeout = run.SessionTimeout;
            options.LastGoodCopy = copy;
            options.Check = Check;
            options.LoggerFactory = logs;
        });
        builder.Services.Configure<ShopOptions>(builder.Configuration);

        await using var app = builder.Build();
        var shop = app.Services.GetRequiredService<IOptionsMonitor<ShopOptions>>();
        using var listening = shop.OnChange(now => Console.WriteLine($"{name} says {now}"));
        app.MapGet("/", () => $"{shop.CurrentValue}");
        await app.StartAsync(run.Stop);
        Console.WriteLine($"{name} is process {Environment.ProcessId}: curl {app.Urls.First()}");
        Console.WriteLine($"{name} says {shop.CurrentValue}");
        await Task.Delay(Timeout.Infinite, run.Stop);
    }

    // What does not pass is not taken in: the app goes on with what it had, and so does one that is started, by its copy.
    private static void Check(IConfiguration settings)
    {
        var shop = settings.Get<ShopOptions>();
        if (shop is not { Greeting.Length: > 0, Limit: > 0 })
            throw new InvalidDataException($"There must be a Greeting, and a Limit above 0. It is {shop}.");
    }
}
