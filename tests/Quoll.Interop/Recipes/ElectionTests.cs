using Quoll.Client;
using Quoll.Interop.Servers;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>Elections against servers that users have.</summary>
public sealed class ElectionTests(RecipeServers servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [EachServer]
    public async Task The_first_candidate_leads_and_the_next_takes_over_in_order(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var a = new LeaderLatch(client, "/election", new ElectionOptions { Identity = "a" });
        await a.WaitAsync();
        await using var b = new LeaderLatch(client, "/election", new ElectionOptions { Identity = "b" });
        await Deadline.UntilAsync(Patience, "b stands", async () => (await a.Election.GetCandidatesAsync()).Count == 2);
        Assert.True(a.IsLeader);
        Assert.False(b.IsLeader);
        Assert.Equal("a", (await b.Election.GetLeaderAsync())?.Identity);

        await a.DisposeAsync();

        await b.WaitAsync();
        Assert.False(a.IsLeader);
        Assert.Equal("b", (await b.Election.GetLeaderAsync())?.Identity);
    }

    [Theory]
    [EachServer]
    public async Task A_leader_whose_session_is_ended_by_others_stops_and_stands_anew(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var terms = new List<ZooKeeperSession>();
        var running = new LeaderElection(client, "/election").RunAsync(async (leadership, lost) =>
        {
            terms.Add(leadership.Session);
            if (terms.Count == 2)
                return;
            await servers.EndSessionAsync(kind, leadership.Session);
            await Task.Delay(Timeout.Infinite, lost);
        });

        await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.NotEqual(terms[0].Id, terms[1].Id);
        Assert.True(terms[0].Ended.IsCancellationRequested);
    }

    [Theory]
    [EachServer]
    public async Task Who_looks_on_sees_who_leads_and_when_nobody_does(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var election = new LeaderElection(client, "/election", new ElectionOptions { Identity = "a" });
        using var patience = new CancellationTokenSource(Patience);
        var seen = election.ObserveLeaderAsync(patience.Token).GetAsyncEnumerator(patience.Token);

        Assert.True(await seen.MoveNextAsync());
        Assert.Null(seen.Current);
        var leadership = await election.CampaignAsync();
        Assert.True(await seen.MoveNextAsync());
        Assert.Equal("a", seen.Current?.Identity);
        await leadership.DisposeAsync();
        Assert.True(await seen.MoveNextAsync());
        Assert.Null(seen.Current);
    }

    [Theory]
    [EachServer]
    public async Task What_a_leader_throws_reaches_whoever_let_it_run(ServerKind kind)
    {
        var root = await servers.CreateRootAsync(kind);
        await using var client = await servers.ConnectAsync(kind, root);
        var election = new LeaderElection(client, "/election");

        await Assert.ThrowsAsync<NotSupportedException>(() => election.RunAsync((_, _) => throw new NotSupportedException()));

        Assert.Empty(await election.GetCandidatesAsync());
    }
}
