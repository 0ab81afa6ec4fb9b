using System.Net;
using System.Net.Sockets;
using Quoll.Recipes;

namespace Quoll.Samples.Naming;

/// <summary>An instance of a service, which tells everybody who connects which process it is.</summary>
internal static class Service
{
    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        // First it can be called, then it is listed. The entry is ephemeral, and made again should the session end.
        await using var client = await run.ConnectAsync();
        var registry = new ServiceRegistry(client, "/services");
        var instance = new ServiceInstance { Name = name, Id = $"{Environment.ProcessId}", Address = "127.0.0.1", Port = port };
        await using var listed = await registry.RegisterAsync(instance, run.Stop);
        Console.WriteLine($"{name} serves at port {port}, process {Environment.ProcessId}");

        while (true)
        {
            using var caller = await listener.AcceptTcpClientAsync(run.Stop);
            await caller.GetStream().WriteAsync(BitConverter.GetBytes(Environment.ProcessId), run.Stop);
        }
    }
}
