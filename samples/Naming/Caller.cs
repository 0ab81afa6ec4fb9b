using System.Net.Sockets;
using Quoll.Recipes;

namespace Quoll.Samples.Naming;

/// <summary>Calls the instances of a service by turns, whoever they are just then.</summary>
internal static class Caller
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        IReadOnlyList<ServiceInstance> instances = [];
        var observing = ObserveAsync();
        for (var turn = 0; !observing.IsCompleted; turn++)
        {
            if (instances is { Count: > 0 } now)
                await CallAsync(now[turn % now.Count], run.Stop);
            await Task.WhenAny(observing, Task.Delay(Pause, run.Stop));
        }

        await observing;

        // The list is at hand: nobody asks a server before each call.
        async Task ObserveAsync()
        {
            await foreach (var found in new ServiceRegistry(client, "/services").ObserveAsync(name, run.Stop))
            {
                instances = found;
                Console.WriteLine($"{name} is served by {found.Count}: {string.Join(' ', found.Select(instance => instance.Id).Order())}");
            }
        }
    }

    private static async Task CallAsync(ServiceInstance instance, CancellationToken stop)
    {
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(instance.Address!, instance.Port!.Value, stop);
            var answer = new byte[sizeof(int)];
            await connection.GetStream().ReadExactlyAsync(answer, stop);
            Console.WriteLine($"answered by process {BitConverter.ToInt32(answer)}");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It died, and is still listed until its session ends: the next one will do.
            Console.WriteLine($"no answer from process {instance.Id}: {e.Message}");
        }
    }
}
