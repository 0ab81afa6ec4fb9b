using Quoll.Client;
using Quoll.Recipes;
using Quoll.Testing;
using Quoll.Tests.Testing;

namespace Quoll.Tests.Recipes;

public sealed class DoubleBarrierTests
{
    private const string Mark = "/double/ready";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_mark_that_is_removed_as_soon_as_it_is_made_lets_those_in_who_were_there()
    {
        await using var zk = await Ensembles.StartAsync(new TestEnsembleOptions());
        await using var client = zk.CreateClient();
        await using var other = zk.CreateClient();
        await client.CreateAsync("/double", cancellationToken: Token);
        var barrier = new DoubleBarrier(client, "/double", members: 1000);
        for (var round = 0; round < 100; round++)
        {
            await using var events = await other.WatchAsync("/double", WatchMode.PersistentRecursive, cancellationToken: Token);
            var entering = barrier.EnterAsync(Token).AsTask();
            await events.FirstAsync(e => e.Kind == WatchEventKind.Created, Token);

            // Nobody can see it, but who has watched from before.
            await other.CommitAsync(new Transaction().Create(Mark).Delete(Mark), Token);
            var ticket = await entering.WaitAsync(Patience, Token);
            await ticket.LeaveAsync(Token);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
