using Quoll.Recipes;
using Quoll.Testing;

namespace Quoll.Tests.Recipes;

public sealed class LeaderObservationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_observes_the_leader_goes_on_when_the_session_ends_while_he_asks()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions(), Token);
        await using var client = zk.CreateClient(options => options with { SessionTimeout = TimeSpan.FromMilliseconds(400) });
        var session = await client.GetSessionAsync(Token);
        var ended = new TaskCompletionSource();
        await using var telling = session.Ended.Register(ended.SetResult);
        await zk.Servers[0].CrashAsync();

        await using var leaders = new LeaderElection(client, "/election").ObserveLeaderAsync(Token).GetAsyncEnumerator(Token);
        var first = leaders.MoveNextAsync().AsTask();
        await ended.Task.WaitAsync(Patience, Token);
        await zk.Servers[0].StartAsync();

        Assert.True(await first.WaitAsync(Patience, Token));
        Assert.Null(leaders.Current);
    }
}
