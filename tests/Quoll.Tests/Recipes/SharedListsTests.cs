using Quoll.Recipes.Queueing;
using Quoll.Testing;
using Quoll.Tests.Testing;

namespace Quoll.Tests.Recipes;

public sealed class SharedListsTests
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Who_asks_while_a_list_is_under_way_is_told_by_the_next_one_what_was_there_when_he_asked()
    {
        var clock = new TestClock();
        await using var zk = await Ensembles.StartAsync(new TestEnsembleOptions { TimeProvider = clock });
        await using var client = zk.CreateClient();
        await client.CreateAsync("/queue", cancellationToken: Token);
        var session = await client.GetSessionAsync(Token);
        zk.Faults.DelayClients(OneWay);

        var first = SharedLists.ListAsync(client, session, "/queue");
        var create = client.CreateAsync("/queue/a", cancellationToken: Token);
        var others = Enumerable.Range(0, 50).Select(_ => SharedLists.ListAsync(client, session, "/queue")).ToArray();
        clock.Advance(4 * OneWay);

        Assert.Empty(await first.WaitAsync(Patience, Token));
        await create;
        var lists = await Task.WhenAll(others).WaitAsync(Patience, Token);
        Assert.Equal(["a"], lists[0]);
        Assert.All(lists, list => Assert.Same(lists[0], list));
        zk.Faults.DelayClients(TimeSpan.Zero);
        clock.Advance(2 * OneWay);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
