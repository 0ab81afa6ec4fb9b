using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Quoll.Samples.SearchCluster;

/// <summary>What users ask. It hands every query to the master, whoever that is, and waits for the next one if there is none.</summary>
internal sealed class WebFront(MasterFinder finder)
{
    // Longer than a session timeout: by then the standby is the master, or there is none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        var finder = new MasterFinder(client);
        var front = new WebFront(finder);
        await using var web = await Web.StartAsync(
            app =>
            {
                app.MapGet("/search", front.SearchAsync);
                app.MapGet("/master", () => Results.Text(finder.Look().Master ?? "nobody"));
                app.MapPost("/master", front.NameAsync);
            },
            run.Arguments[0]);
        var address = web.Urls.First();
        Console.WriteLine($"the web front is at {address}: curl '{address}/search?q=session+timeout'");
        await finder.RunAsync(run.Stop);
    }

    private async Task<IResult> SearchAsync(string q, CancellationToken aborted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        patience.CancelAfter(Patience);
        try
        {
            while (true)
            {
                var (master, changed) = finder.Look();
                if (master is not null && await AskAsync(master, q, patience.Token) is { } answer)
                    return Results.Text(answer, "application/json");
                await Task.WhenAny(changed, Task.Delay(Pause, patience.Token));
                patience.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return Results.Text("No master answers. If ZooKeeper can't be asked, name one: POST its address to /master.", statusCode: 503);
        }
    }

    private static async Task<string?> AskAsync(string master, string q, CancellationToken stop)
    {
        try
        {
            return await Http.GetStringAsync($"{master}/search?q={Uri.EscapeDataString(q)}", stop);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            Console.WriteLine($"no answer from the master at {master}: {e.Message}");
            return null;
        }
    }

    private async Task<IResult> NameAsync(HttpRequest request, CancellationToken aborted)
    {
        using var reader = new StreamReader(request.Body);
        var address = (await reader.ReadToEndAsync(aborted)).Trim();
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
            return Results.Text("An address is like http://127.0.0.1:8080.", statusCode: 400);
        return finder.TryName(address)
            ? Results.Text($"The master is {address} until ZooKeeper can be asked.")
            : Results.Text($"ZooKeeper can be asked, and the master is {finder.Look().Master}.", statusCode: 409);
    }
}
