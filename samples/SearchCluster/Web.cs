using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Quoll.Samples.SearchCluster;

/// <summary>A small web server on loopback.</summary>
internal static class Web
{
    public static async Task<WebApplication> StartAsync(Action<WebApplication> map, string port = "0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
