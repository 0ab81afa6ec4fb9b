using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Quoll.Recipes;

namespace Quoll.Samples.SearchCluster;

/// <summary>What a master answers.</summary>
/// <param name="Master">Its name.</param>
/// <param name="Missing">The parts of the collection that nobody answered for.</param>
/// <param name="Hits">The best of all parts.</param>
internal sealed record Answer(string Master, IReadOnlyList<int> Missing, IReadOnlyList<Hit> Hits);

/// <summary>
/// The master, or the standby: both follow the index servers all the time, so that the standby has nothing to learn when it takes over.
/// Whoever asks either of them gets an answer; whom to ask is decided by the election.
/// </summary>
internal sealed class Master(string name, int parts, TreeCache indexes)
{
    private const int MostHits = 10;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    public static async Task RunAsync(SampleRun run)
    {
        var name = run.Arguments[0];
        await using var client = await run.ConnectAsync();
        var parts = await Cluster.OpenAsync(client, run.Stop);
        await using var indexes = new TreeCache(client, Cluster.Indexes);
        await indexes.Ready;
        var master = new Master(name, parts, indexes);
        await using var web = await Web.StartAsync(app => app.MapGet("/search", master.SearchAsync));
        var address = web.Urls.First();
        Console.WriteLine($"{name} is at {address}");

        var following = master.FollowAsync(run.Stop);
        var election = new LeaderElection(client, Cluster.Masters, new ElectionOptions { Identity = address });
        await election.RunAsync(LeadAsync, run.Stop);
        await following;

        // All that it does as the master is to be found by those who ask.
        async Task LeadAsync(LockHandle leadership, CancellationToken lost)
        {
            Console.WriteLine($"{name} is the master");
            await Task.Delay(Timeout.Infinite, lost);
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var last = "";
        await foreach (var snapshot in indexes.ObserveSnapshotsAsync(stop))
        {
            var servers = Read(snapshot).ToList();
            var served = Enumerable.Range(1, parts).Count(part => servers.Exists(server => server.Serves(part)));
            var now = $"{name} sees {served} of {parts} parts served, and {servers.Count} index servers";
            if (now != last)
                Console.WriteLine(last = now);
        }
    }

    private async Task<Answer> SearchAsync(string q, CancellationToken aborted)
    {
        var servers = Read(indexes.Snapshot).ToList();
        var asked = Enumerable.Range(1, parts).Select(async part => (Part: part, Hits: await AskAsync(servers, part, q, aborted)));
        var answers = await Task.WhenAll(asked);
        return new Answer(
            name,
            [.. answers.Where(answer => answer.Hits is null).Select(answer => answer.Part)],
            [.. answers.SelectMany(answer => answer.Hits ?? []).OrderByDescending(hit => hit.Score).Take(MostHits)]);
    }

    private static async Task<Hit[]?> AskAsync(List<IndexEntry> servers, int part, string q, CancellationToken aborted)
    {
        if (servers.Find(server => server.Serves(part)) is not { } server)
            return null;
        try
        {
            return await Http.GetFromJsonAsync<Hit[]>($"{server.Address}/parts/{part}?q={Uri.EscapeDataString(q)}", aborted);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !aborted.IsCancellationRequested)
        {
            // It has just died: the others' answers are worth having.
            Console.WriteLine($"no answer for part {part}: {e.Message}");
            return null;
        }
    }

    private static IEnumerable<IndexEntry> Read(TreeSnapshot snapshot) =>
        snapshot.Root?.Children.Values.Select(server => IndexEntry.Read(server.Data.Span)) ?? [];
}
