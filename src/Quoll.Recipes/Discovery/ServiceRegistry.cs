using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Recipes.Discovery;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>
/// Services and where their instances are: each instance has a znode, <c>path/service/instance</c>, as in Curator's discovery, whose
/// clients see those that register here and are seen.
/// </summary>
public sealed class ServiceRegistry
{
    private static readonly TreeCacheOptions Instances = new() { MaxDepth = 1 };
    private readonly ZooKeeperClient _client;
    private readonly string _path;

    /// <param name="client">Whose sessions the instances that register here are of.</param>
    /// <param name="path">The znode below which the services are, the same for all.</param>
    public ServiceRegistry(ZooKeeperClient client, string path)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        (_client, _path) = (client, path);
    }

    /// <summary>Lists an instance, and keeps it listed over sessions until what is returned is disposed of.</summary>
    /// <remarks>While another has the znode of that name, it is waited for; that of a process that died goes with its session.
    /// Cancelled, it is not listed.</remarks>
    /// <exception cref="ZooKeeperException">The server refuses it.</exception>
    public async ValueTask<ServiceRegistration> RegisterAsync(ServiceInstance instance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        if (instance.Type != ServiceType.Dynamic)
            throw new ArgumentException($"An instance that registers itself is dynamic, but this is {instance.Type}.", nameof(instance));
        ZnodePaths.ValidateName(instance.Name);
        ZnodePaths.ValidateName(instance.Id);
        if (instance.RegisteredAt == default)
            instance = instance with { RegisteredAt = Now() };
        var registration = new ServiceRegistration(_client, PathOf(instance.Name), instance);
        try
        {
            await registration.WhenListedAsync(cancellationToken).ConfigureAwait(false);
            return registration;
        }
        catch
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The services that there are, with instances or without, in the order of their names.</summary>
    public async ValueTask<IReadOnlyList<string>> GetNamesAsync(CancellationToken cancellationToken = default)
    {
        var children = await Sessions.ReadAsync(_client, token => _client.TryGetChildrenAsync(_path, token), cancellationToken)
            .ConfigureAwait(false);
        return [.. (children?.Names ?? []).Order(StringComparer.Ordinal)];
    }

    /// <summary>The enabled instances of a service, in the order of their ids; none if there is no such service. It costs a request for
    /// each and one for all: who asks often observes.</summary>
    public async ValueTask<IReadOnlyList<ServiceInstance>> ResolveAsync(string name, CancellationToken cancellationToken = default)
    {
        var read = await SmallReads.ChildrenAsync(_client, PathOf(name), cancellationToken).ConfigureAwait(false);
        return Enabled(read.Select(child => new ReadOnlyMemory<byte>(child.Znode.Data)));
    }

    /// <summary>The enabled instances of a service, whenever they change, in the order of their ids; first when they are known. A slow
    /// reader gets the latest only. While the server is lost nothing is told, and those that were there still count.</summary>
    public async IAsyncEnumerable<IReadOnlyList<ServiceInstance>> ObserveAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var cache = new TreeCache(_client, PathOf(name), Instances);
        await using var ending = cache.ConfigureAwait(false);
        await foreach (var snapshot in cache.ObserveSnapshotsAsync(cancellationToken).ConfigureAwait(false))
            yield return Enabled(snapshot.Root?.Children.Values.Select(znode => znode.Data) ?? []);
    }

    // What is no instance has been put there by somebody else, for whatever reason, and is nobody to be found.
    private static List<ServiceInstance> Enabled(IEnumerable<ReadOnlyMemory<byte>> listed) =>
    [
        .. listed.Select(data => InstanceJson.Read(data.Span)).OfType<ServiceInstance>().Where(instance => instance.IsEnabled)
            .OrderBy(instance => instance.Id, StringComparer.Ordinal),
    ];

    // As exactly as it is written.
    private DateTimeOffset Now() =>
        DateTimeOffset.FromUnixTimeMilliseconds(_client.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    private string PathOf(string name)
    {
        ZnodePaths.ValidateName(name);
        return ZnodePaths.Join(_path, name);
    }
}
