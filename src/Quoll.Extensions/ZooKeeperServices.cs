using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quoll.Client;
using Quoll.Extensions;
using Quoll.Recipes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Clients, their health, and services that run on one host at a time, in a program's services.</summary>
public static class ZooKeeperServices
{
    /// <summary>Adds a <see cref="ZooKeeperClient"/>, one for the whole program, which connects when it is first asked for.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Sets what must be set, the connection string at least. It is checked at the start.</param>
    public static IServiceCollection AddZooKeeper(this IServiceCollection services, Action<ZooKeeperSettings> configure)
    {
        AddSettings(services, Options.Options.DefaultName).Configure(configure);
        services.TryAddSingleton(provider => Create(provider, Options.Options.DefaultName));
        return services;
    }

    /// <summary>The same, with the settings of a section of the program's configuration.</summary>
    public static IServiceCollection AddZooKeeper(this IServiceCollection services, IConfiguration section) =>
        services.AddZooKeeper(settings => section.Bind(settings));

    /// <summary>Adds a client beside others, which is asked for by its name (<c>[FromKeyedServices("name")]</c>).</summary>
    public static IServiceCollection AddKeyedZooKeeper(this IServiceCollection services, string name, Action<ZooKeeperSettings> configure)
    {
        AddSettings(services, name).Configure(configure);
        services.TryAddKeyedSingleton(name, (provider, _) => Create(provider, name));
        return services;
    }

    /// <summary>The same, with the settings of a section of the program's configuration.</summary>
    public static IServiceCollection AddKeyedZooKeeper(this IServiceCollection services, string name, IConfiguration section) =>
        services.AddKeyedZooKeeper(name, settings => section.Bind(settings));

    /// <summary>
    /// Reports on the client: healthy when connected; degraded while there is no connection but the session certainly lives, and at a
    /// server without a quorum; otherwise <paramref name="failureStatus"/>. It asks nobody: a probe costs no request.
    /// </summary>
    /// <param name="builder">The program's health checks.</param>
    /// <param name="key">The name of the client, if it is one of several.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What to report when the session may have ended; unhealthy if null.</param>
    /// <param name="tags">For choosing checks, as others have them.</param>
    public static IHealthChecksBuilder AddZooKeeper(
        this IHealthChecksBuilder builder, string? key = null, string name = "zookeeper", HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null) =>
        builder.Add(new HealthCheckRegistration(
            name, provider => new ZooKeeperHealthCheck(ClientOf(provider, key)), failureStatus, tags));

    /// <summary>
    /// Adds a service that runs on one host at a time: the host that leads the election at a path. It is made anew for each term, ends with
    /// it, and runs again, here or elsewhere, when it has ended by itself or failed.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="path">The election's znode.</param>
    /// <param name="options">Who this host is.</param>
    /// <param name="key">The name of the client, if it is one of several.</param>
    public static IServiceCollection AddLeaderService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services, string path, ElectionOptions? options = null, string? key = null)
        where T : class, ILeaderService
    {
        services.TryAddScoped<T>();
        return services.AddSingleton<IHostedService>(provider => new LeaderHost<T>(
            new LeaderElection(ClientOf(provider, key), path, options),
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILogger<LeaderHost<T>>>()));
    }

    private static OptionsBuilder<ZooKeeperSettings> AddSettings(IServiceCollection services, string name)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ZooKeeperSettings>, SettingsValidator>());
        return services.AddOptions<ZooKeeperSettings>(name).ValidateOnStart();
    }

    private static ZooKeeperClient Create(IServiceProvider provider, string name)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<ZooKeeperSettings>>().Get(name).ToOptions();
        return new ZooKeeperClient(options with { LoggerFactory = options.LoggerFactory ?? provider.GetService<ILoggerFactory>() });
    }

    private static ZooKeeperClient ClientOf(IServiceProvider provider, string? key) =>
        key is null ? provider.GetRequiredService<ZooKeeperClient>() : provider.GetRequiredKeyedService<ZooKeeperClient>(key);
}
