using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Quoll.Client;
using Quoll.Extensions;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Tests.Docs;

public sealed class ClientSnippets : SnippetHost
{
    [Fact]
    public async Task A_client_connects_in_the_background()
    {
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = "zk1:2181,zk2:2181,zk3:2181/app",
            SessionTimeout = TimeSpan.FromSeconds(20),
            Credentials = [Credential.Digest("bob", "secret")],
        });

        Assert.Equal(ConnectionState.Connecting, client.State.State);
    }

    [Fact]
    public async Task Znodes_are_made_read_and_changed()
    {
        var (client, stop, data, otherData) = (Connect(), Token, "a"u8.ToArray(), "b"u8.ToArray());
#pragma warning disable CA2016 // The page shows the shortest form.
        await client.CreateAsync("/queue");
        CreateResult made = await client.CreateAsync("/queue/item-", data, CreateMode.EphemeralSequential);

        Znode znode = await client.GetAsync(made.Path, stop);                    // throws NoNodeException where there is none
        Znode? perhaps = await client.TryGetAsync("/nothing", stop);             // null there
        await client.SetAsync(made.Path, otherData, znode.Stat.Version, stop);   // BadVersionException if somebody was faster

        await client.CommitAsync(new Transaction()
            .Check("/queue")
            .Delete(made.Path)
            .Create("/done", otherData), stop);                                  // all of it or nothing
#pragma warning restore CA2016
        Assert.Equal(data, znode.Data);
        Assert.Null(perhaps);
        Assert.Null(await client.ExistsAsync(made.Path, Token));
        Assert.Equal(otherData, (await client.GetAsync("/done", Token)).Data);
    }

    [Fact]
    public async Task A_change_whose_answer_was_lost_is_looked_for()
    {
        var (client, stop, data) = (Connect(), Token, "a"u8.ToArray());
        await client.GetSessionAsync(Token);
        LoseNextAnswerTo(OpCode.Create2);

        try
        {
            await client.CreateAsync("/order-7", data, cancellationToken: stop);
        }
        catch (ZooKeeperException e) when (e.Outcome == RequestOutcome.Unknown)
        {
            await client.SyncAsync("/order-7", stop);                            // whatever was on its way has arrived then
            if (await client.ExistsAsync("/order-7", stop) is null)
                await client.CreateAsync("/order-7", data, cancellationToken: stop);
        }

        Assert.Equal(0, (await client.GetAsync("/order-7", Token)).Stat.Version);
    }

    [Fact]
    public async Task What_is_bound_to_a_session_goes_with_it()
    {
        var (client, stop, ended) = (Connect(), Token, new TaskCompletionSource());

        ZooKeeperSession session = await client.GetSessionAsync(stop);
        using var onLapse = session.Lease.Register(() => Pause());               // it may have ended: nothing was heard for too long
        using var onEnd = session.Ended.Register(() => Stop());                  // it has
        await client.InSession(session).CreateAsync("/here", default, CreateMode.Ephemeral, stop);

        await client.DisposeAsync();
        await ended.Task.WaitAsync(Token);
        Assert.True(session.Lease.IsCancellationRequested);

        void Pause() => Assert.False(ended.Task.IsCompleted);

        void Stop() => ended.SetResult();
    }

    [Fact]
    public async Task A_watch_comes_with_what_was_read()
    {
        var (client, stop, used) = (Connect(), Token, new List<byte[]>());
        await client.CreateAsync("/config", "a"u8.ToArray(), cancellationToken: Token);
        var changing = ChangeAsync();

        Watched<Znode> config = await client.GetAndWatchAsync("/config", stop);
        Use(config.Value.Data);
        WatchEvent change = await config.Watch.Changed.WaitAsync(stop);

        await changing;
        Assert.Equal(WatchEventKind.DataChanged, change.Kind);
        Assert.Single(used);

        void Use(byte[] data) => used.Add(data);

        async Task ChangeAsync()
        {
            while (used.Count == 0)
                await client.SyncAsync(cancellationToken: Token);
            await client.SetAsync("/config", "b"u8.ToArray(), cancellationToken: Token);
        }
    }

    [Fact]
    public async Task A_stream_says_when_to_read_anew()
    {
        var client = Connect();
        await client.CreateAsync("/config", cancellationToken: Token);
        await UntilCalledAsync(async (called, stop) =>
        {
            await using WatchSubscription changes = await client.WatchAsync("/config", WatchMode.PersistentRecursive, stop);
            await foreach (WatchEvent change in changes.WithCancellation(stop))
            {
                if (change.Kind == WatchEventKind.Resync)
                    await ReadAllAsync();
                else
                    await ReadAsync(change.Path);
            }

            Task ReadAllAsync() => client.SetAsync("/config", "b"u8.ToArray(), cancellationToken: stop).AsTask();

            Task ReadAsync(string path)
            {
                Assert.Equal("/config", path);
                called();
                return Task.CompletedTask;
            }
        });
    }

    [Fact]
    public async Task A_program_has_a_client_its_health_and_services_of_leaders()
    {
        var services = new ServiceCollection().AddLogging();

        services.AddZooKeeper(settings => settings.ConnectionString = "zk1:2181,zk2:2181/app");
        services.AddHealthChecks().AddZooKeeper();
        services.AddLeaderService<Reporter>("/leaders/reporter");

        await using var provider = services.BuildServiceProvider();
        Assert.Equal("zk1:2181,zk2:2181/app", provider.GetRequiredService<ZooKeeperClient>().Options.ConnectionString);
        Assert.Single(provider.GetServices<IHostedService>(), service => service.GetType().Namespace == "Quoll.Extensions");
        var health = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
    }

    private sealed class Reporter : ILeaderService
    {
        public Task ExecuteAsync(LockHandle leadership, CancellationToken cancellationToken) =>
            new TaskCompletionSource().Task.WaitAsync(cancellationToken);
    }
}
