using Quoll.Extensions;

namespace Microsoft.Extensions.Configuration;

/// <summary>Znodes as a program's configuration.</summary>
public static class ZooKeeperConfiguration
{
    /// <summary>
    /// Adds what is below a znode: each znode with data is a setting, whose key is its path below that znode with colons for slashes, and
    /// whose value is its data as UTF-8 text.
    /// </summary>
    /// <param name="builder">The program's configuration.</param>
    /// <param name="path">The znode. Its own data is no setting.</param>
    /// <param name="configure">Sets at least <c>Client.ConnectionString</c>.</param>
    /// <exception cref="ArgumentException">A setting is not as it must be.</exception>
    public static IConfigurationBuilder AddZooKeeper(
        this IConfigurationBuilder builder, string path, Action<ZooKeeperConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new ZooKeeperConfigurationOptions();
        configure(options);
        options.Client.ToOptions().Validate();
        return builder.Add(new Source(path, options));
    }

    private sealed class Source(string path, ZooKeeperConfigurationOptions options) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new ZooKeeperConfigurationProvider(path, options);
    }
}
