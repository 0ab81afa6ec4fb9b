using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quoll.Client;
using Quoll.Extensions;
using Quoll.Recipes;
using Quoll.Testing;

namespace Quoll.Tests.Extensions;

/// <summary>Clients, their health and services of leaders, in a program's services.</summary>
public sealed class ServicesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_client_is_one_for_the_whole_program_and_named_ones_are_beside_it()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        var services = new ServiceCollection().AddLogging();
        services.AddZooKeeper(settings => Use(settings, zk));
        services.AddKeyedZooKeeper("other", settings => Use(settings, zk));
        await using var provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<ZooKeeperClient>();
        await client.CreateAsync("/a");

        Assert.Same(client, provider.GetRequiredService<ZooKeeperClient>());
        var other = provider.GetRequiredKeyedService<ZooKeeperClient>("other");
        Assert.NotSame(client, other);
        Assert.NotNull(await other.ExistsAsync("/a"));
    }

    [Fact]
    public void Settings_that_can_not_be_are_told_at_the_start()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddZooKeeper(settings => settings.ConnectionString = "zk1:notaport");
        using var provider = services.BuildServiceProvider();

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains("zk1:notaport", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_what_the_client_knows_of_its_session()
    {
        var clock = new TestClock();
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions { TimeProvider = clock });
        var client = zk.CreateClient(options => options with { SessionTimeout = TimeSpan.FromSeconds(2) });
        await client.GetSessionAsync();
        var check = new ZooKeeperHealthCheck(client);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(check)).Status);

        await zk.Servers[0].StopAsync();
        clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(check)).Status);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(check)).Status);

        await zk.Servers[0].StartAsync();
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(check)).Status);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_leaders_service_runs_on_one_host_and_on_the_next_when_that_stops()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        var log = new List<string>();
        using var first = HostOf(zk, "first", log);
        await first.StartAsync();
        await UntilAsync(() => Said(log, "first runs"));
        using var second = HostOf(zk, "second", log);
        await second.StartAsync();
        await using var client = zk.CreateClient();
        await foreach (var leader in new LeaderElection(client, "/election").ObserveLeaderAsync())
        {
            if (leader?.Identity == "first")
                break;
        }

        Assert.False(Said(log, "second runs"));
        await first.StopAsync();

        await UntilAsync(() => Said(log, "second runs"));
        Assert.True(log.IndexOf("first ends") < log.IndexOf("second runs"));
        await second.StopAsync();
    }

    private static IHost HostOf(TestEnsemble zk, string name, List<string> log)
    {
        var host = new HostBuilder().ConfigureServices(services =>
        {
            services.AddZooKeeper(settings => Use(settings, zk));
            services.AddSingleton(new Story(name, log));
            services.AddLeaderService<Worker>("/election", new ElectionOptions { Identity = name });
        });
        return host.Build();
    }

    private static void Use(ZooKeeperSettings settings, TestEnsemble zk)
    {
        settings.ConnectionString = zk.ConnectionString;
        settings.Adjust = options => options with { Connect = zk.ConnectAsync };
    }

    private static Task<HealthCheckResult> CheckAsync(ZooKeeperHealthCheck check) => check.CheckHealthAsync(new HealthCheckContext
    {
        Registration = new HealthCheckRegistration("zookeeper", check, HealthStatus.Unhealthy, null),
    });

    private static bool Said(List<string> log, string what)
    {
        lock (log)
            return log.Contains(what);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!holds())
            await timer.WaitForNextTickAsync(patience.Token);
    }

    private sealed record Story(string Name, List<string> Log)
    {
        public void Tell(string what)
        {
            lock (Log)
                Log.Add($"{Name} {what}");
        }
    }

    private sealed class Worker(Story story) : ILeaderService
    {
        public async Task ExecuteAsync(LockHandle leadership, CancellationToken cancellationToken)
        {
            story.Tell("runs");
            var over = new TaskCompletionSource();
            await using var registration = cancellationToken.Register(over.SetResult);
            await over.Task;
            story.Tell("ends");
        }
    }
}
