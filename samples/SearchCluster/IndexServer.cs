using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Samples.SearchCluster;

/// <summary>
/// An index server: it does what its znode says, which is ephemeral. While it builds it serves nobody; when it is ready it takes the place
/// of the one who serves the same part, and that one builds.
/// </summary>
internal sealed class IndexServer(ZooKeeperClient client, string name, int parts)
{
    private const int MostHits = 10;

    // To read some pages takes no time; this stands for a collection that is large.
    private static readonly TimeSpan BuildTime = TimeSpan.FromSeconds(2);

    private readonly string _path = $"{Cluster.Indexes}/{name}";
    private readonly Places _places = new(client, parts);
    private PartIndex? _index;

    public static async Task RunAsync(SampleRun run)
    {
        await using var client = await run.ConnectAsync();
        var server = new IndexServer(client, run.Arguments[0], await Cluster.OpenAsync(client, run.Stop));

        // One who was relieved answers until it has built another part: the master may not know yet.
        await using var web = await Web.StartAsync(app => app.MapGet("/parts/{part}", (int part, string q) =>
            server._index is { } index && index.Part == part ? Results.Ok(index.Search(q, MostHits)) : Results.NotFound()));
        while (true)
        {
            try
            {
                await server.StepAsync(web.Urls.First(), run.Stop);
            }
            catch (Exception e) when (e is TransactionFailedException { Error: ErrorCode.NoNode } or LockLostException)
            {
                // Its session, or somebody else's, has ended meanwhile: nothing was changed.
            }
            catch (ZooKeeperException e) when (e.Outcome != RequestOutcome.Refused)
            {
                Console.WriteLine($"{run.Arguments[0]} looks again at what it is to do: {e.Message}");
            }
        }
    }

    // Looks at its znode, and does what that says. What comes of it is seen at the next look.
    private async Task StepAsync(string address, CancellationToken stop)
    {
        var session = await client.GetSessionAsync(stop);
        if (await client.TryGetAsync(_path, stop) is null)
            await client.TryCreateAsync(_path, new IndexEntry(address, IndexState.Building).Write(), CreateMode.Ephemeral, stop);
        var (own, watch) = await client.GetAndWatchAsync(_path, stop);
        using var _ = watch;
        var entry = IndexEntry.Read(own.Data);
        if (own.Stat.EphemeralOwner != session.Id)
        {
            Console.WriteLine($"{name} waits for the end of the session before");
            await watch.Changed.WaitAsync(stop);
        }
        else if (entry.State == IndexState.Serving)
        {
            Console.WriteLine($"{name} serves part {entry.Part}, process {Environment.ProcessId}");
            await watch.Changed.WaitAsync(stop);
        }
        else if (entry.Part is { } part)
        {
            await Task.Delay(BuildTime, stop);
            _index = PartIndex.Build(part, parts);   // before anybody is told that it serves
            await _places.TakeAsync(_path, entry, _index, stop);
        }
        else
        {
            await _places.ChooseAsync(_path, entry, _index, stop);
        }
    }
}
