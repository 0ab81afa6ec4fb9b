using Quoll.Client;
using Quoll.Recipes.Discovery;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>An instance that is listed in a <see cref="ServiceRegistry"/>, over sessions, until this is disposed of.</summary>
public sealed class ServiceRegistration : IAsyncDisposable
{
    private readonly EphemeralRegistration _registration;
    private ServiceInstance _instance;

    internal ServiceRegistration(ZooKeeperClient client, string service, ServiceInstance instance)
    {
        _instance = instance;
        _registration = new EphemeralRegistration(client, ZnodePaths.Join(service, instance.Id), InstanceJson.Write(instance));
    }

    /// <summary>What is listed, or will be.</summary>
    public ServiceInstance Instance => Volatile.Read(ref _instance);

    /// <summary>Whether it is listed, as far as is known.</summary>
    public RegistrationState State => _registration.State;

    /// <summary>Lists the instance as it is now, and waits until that is done. It counts from this call on, also if the waiting is
    /// cancelled.</summary>
    /// <exception cref="ArgumentException">It is another service's, or another instance.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed of, or the client was.</exception>
    public ValueTask UpdateAsync(ServiceInstance instance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        if ((instance.Name, instance.Id, instance.Type) != (Instance.Name, Instance.Id, Instance.Type))
            throw new ArgumentException($"{instance.Name}/{instance.Id} is another instance than {Instance.Name}/{Instance.Id}.");
        Volatile.Write(ref _instance, instance);
        return _registration.UpdateAsync(InstanceJson.Write(instance), cancellationToken);
    }

    /// <inheritdoc cref="EphemeralRegistration.DisposeAsync"/>
    public ValueTask DisposeAsync() => _registration.DisposeAsync();

    internal ValueTask WhenListedAsync(CancellationToken cancellation) => _registration.WhenRegisteredAsync(cancellation);
}
