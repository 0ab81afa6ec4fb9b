using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.MasterElection;

/// <summary>Stands in an election for as long as the operator does not name somebody else.</summary>
internal static class Candidate
{
    public static async Task RunAsync(SampleRun run)
    {
        var (way, name) = (run.Arguments[0], run.Arguments[1]);
        Func<SampleRun, string, CancellationToken, Task> standAsync = way switch
        {
            "one-node" => OneNode.StandAsync,
            "queue" => CandidateQueue.StandAsync,
            _ => throw new ArgumentException($"{way} is no way: they are one-node and queue."),
        };

        await using var client = await run.ConnectAsync();
        await using var order = new ZnodeCache(client, $"/{way}/override");
        while (true)
        {
            await order.ObserveAsync(run.Stop).FirstAsync(IsAllowed, run.Stop);
            Console.WriteLine($"{name} stands");
            using var barred = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
            var standing = standAsync(run, name, barred.Token);
            var barring = order.ObserveAsync(barred.Token).FirstAsync(order => !IsAllowed(order), barred.Token).AsTask();
            await Task.WhenAny(standing, barring);
            await barred.CancelAsync();
            try
            {
                await standing;
            }
            catch (OperationCanceledException) when (!run.Stop.IsCancellationRequested)
            {
                Console.WriteLine($"{name} steps back: the operator has named {Appointed(await barring)}");
            }
        }

        bool IsAllowed(Znode? order) => order is null || Appointed(order) == name;
    }

    private static string Appointed(Znode? order) => Encoding.UTF8.GetString(order!.Value.Data);
}
