using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Samples.MailCollectors;

/// <summary>
/// Stands for whatever mail is stored in, which is not ZooKeeper. It takes what the owner of a partition brings, and nothing from others:
/// whoever comes with a smaller fencing token than the largest it has seen is refused.
/// </summary>
internal static class Archive
{
    public const string AddressPath = "/mail/archive";
    public const string Accepted = "accepted";
    public const string Refused = "refused";
    private const int MostWorkers = 1000;

    // At Ctrl+C all processes of a terminal are told to end at once. The archive hears the workers out.
    private static readonly TimeSpan WorkersLeaveWithin = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(SampleRun run)
    {
        using var ownerships = new Ownerships(run.Arguments[0]);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = await run.ConnectAsync();
        await using var listed = new EphemeralRegistration(client, AddressPath, Encoding.UTF8.GetBytes($"{listener.LocalEndpoint}"));
        await listed.WhenRegisteredAsync(run.Stop);
        Console.WriteLine($"the archive is at {listener.LocalEndpoint}, its journal in {run.Arguments[0]}");
        using var closing = new CancellationTokenSource();
        using var ending = run.Stop.Register(() => closing.CancelAfter(WorkersLeaveWithin));
        await Parallel.ForEachAsync(
            AcceptAsync(listener, run.Stop),
            new ParallelOptions { MaxDegreeOfParallelism = MostWorkers },
            async (connection, _) => await ServeAsync(connection, ownerships, closing.Token));
    }

    private static async IAsyncEnumerable<TcpClient> AcceptAsync(TcpListener listener, [EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
            yield return await listener.AcceptTcpClientAsync(stop);
    }

    private static async Task ServeAsync(TcpClient connection, Ownerships ownerships, CancellationToken stop)
    {
        using var ending = connection;
        connection.NoDelay = true;
        var deliveries = new StreamReader(connection.GetStream());
        var answers = new StreamWriter(connection.GetStream()) { AutoFlush = true };
        try
        {
            var worker = await deliveries.ReadLineAsync(stop);
            while (await deliveries.ReadLineAsync(stop) is { } line)
                await answers.WriteLineAsync(ownerships.TryAccept(worker!, Delivery.Read(line)) ? Accepted : Refused);
        }
        catch (IOException)
        {
            // The worker was killed.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // It does not leave: somebody has stopped it.
        }
    }
}
