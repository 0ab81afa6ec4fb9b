using Quoll.Recipes;

namespace Quoll.Samples.MasterElection;

/// <summary>
/// Election by a queue of ephemeral, sequential znodes: the first is the master, and each of the others watches only the one before it.
/// When the master goes, one wakes up, not all of them.
/// </summary>
internal static class CandidateQueue
{
    public static async Task StandAsync(SampleRun run, string name, CancellationToken stop)
    {
        await using var client = await run.ConnectAsync();
        await client.TryCreateAsync("/queue", cancellationToken: stop);
        var election = new LeaderElection(client, "/queue/candidates", new ElectionOptions { Identity = name });
        while (true)
        {
            // Whether it still leads it does not ask: it writes nothing but what is fenced, and so the server asks that at each write.
            await election.RunAsync(
                (leadership, _) => Book.KeepAsync(
                    client, "/queue/book", name, changes => leadership.Fenced.CommitAsync(changes).AsTask(), stop),
                stop);
        }
    }
}
