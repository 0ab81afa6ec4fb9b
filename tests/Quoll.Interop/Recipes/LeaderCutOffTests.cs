using System.Diagnostics;
using Quoll.Client;
using Quoll.Interop.Ensembles;
using Quoll.Recipes;
using static Quoll.Interop.Recipes.Faults;

namespace Quoll.Interop.Recipes;

/// <summary>The leader is cut off from its followers, with a client on its side of the network.</summary>
public sealed class LeaderCutOffTests
{
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(4);

    [Fact]
    [Trait("server", "Quoll")]
    public async Task A_holder_on_the_side_of_the_old_leader_knows_that_it_may_have_lost_before_the_other_side_has_another()
    {
        using var lan = Lan.Create(3);
        await using var ensemble = await EnsembleRun.StartAsync(EnsemblePlan.Quick(3) with { Lan = lan });
        await ensemble.ExplainAsync(async () =>
        {
            var old = await ensemble.LeaderAsync();
            await using var holder = await ConnectAsync(old.Address);
            await using var other = await ConnectAsync(string.Join(',', ensemble.Servers.Except([old]).Select(server => server.Address)));
            await other.CreateAsync("/data");
            var held = await new DistributedLock(holder, "/lock").AcquireAsync();
            await held.Fenced.SetAsync("/data", Bytes("before"));
            var waiting = new DistributedLock(other, "/lock").AcquireAsync().AsTask();
            var lostAt = 0L;
            await using var onLoss = held.Lost.Register(() => lostAt = Stopwatch.GetTimestamp());

            var cutAt = Stopwatch.GetTimestamp();
            lan.Split(ensemble.NumberOf(old));
            await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

            var nextAt = Stopwatch.GetTimestamp();
            Assert.True(held.Lost.IsCancellationRequested);
            Assert.True(next.FencingToken > held.FencingToken);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"known after {Stopwatch.GetElapsedTime(cutAt, lostAt).TotalSeconds:0.0} s, "
                + $"the next holds {Stopwatch.GetElapsedTime(lostAt, nextAt).TotalSeconds:0.0} s later");
            await next.Fenced.SetAsync("/data", Bytes("after"));
            lan.Heal(ensemble.NumberOf(old));
            await Assert.ThrowsAsync<LockLostException>(async () => await held.Fenced.SetAsync("/data", Bytes("too late")));
            await held.DisposeAsync();
            Assert.Equal("after", Text((await other.GetAsync("/data")).Data));
        });
    }

    private static async Task<ZooKeeperClient> ConnectAsync(string addresses) =>
        await ZooKeeperClient.ConnectAsync(new ZooKeeperClientOptions
        {
            ConnectionString = addresses,
            SessionTimeout = SessionTimeout,
            RequestTimeout = TimeSpan.FromSeconds(60),
        });
}
