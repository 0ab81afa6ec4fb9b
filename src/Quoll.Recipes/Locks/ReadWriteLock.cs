using System.Text;
using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>A lock that either one writer holds or any number of readers, in the order in which they came.</summary>
/// <remarks>
/// A reader waits for the writers before him, a writer for all before him; nobody waits for those behind, so that neither starves. All
/// else is as with <see cref="DistributedLock"/>, which at the same path is another writer, though not to Curator's readers. Curator's
/// <c>InterProcessReadWriteLock</c> and kazoo's <c>ReadLock</c> and <c>WriteLock</c> exclude each other with it; see
/// <see cref="LockOptions.NameStyle"/>.
/// </remarks>
public sealed class ReadWriteLock
{
    private readonly ZooKeeperClient _client;
    private readonly QueuePlan _read;
    private readonly QueuePlan _write;

    /// <inheritdoc cref="DistributedLock(ZooKeeperClient, string, LockOptions?)"/>
    public ReadWriteLock(ZooKeeperClient client, string path, LockOptions? options = null)
    {
        options ??= new LockOptions();
        _client = client;
        _read = new QueuePlan(path, QueueKind.Shared, options.NameStyle, Encoding.UTF8.GetBytes(options.Identity));
        _write = _read with { Kind = QueueKind.Exclusive, IsAmongReaders = true };
    }

    /// <summary>The znode below which they queue.</summary>
    public string Path => _read.Path;

    /// <summary>Waits until no writer is before.</summary>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle> AcquireReadAsync(CancellationToken cancellationToken = default) =>
        new((await Place.QueueAsync(_client, _read, cancellationToken).ConfigureAwait(false))!);

    /// <summary>Waits until nobody is before.</summary>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle> AcquireWriteAsync(CancellationToken cancellationToken = default) =>
        new((await Place.QueueAsync(_client, _write, cancellationToken).ConfigureAwait(false))!);

    /// <summary>Takes the lock for reading if that is possible within a time; without one, if no writer has it or waits for it.</summary>
    /// <returns>The lock, or null.</returns>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle?> TryAcquireReadAsync(TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        await Waiting.TryAsync(_client, _read, wait, cancellationToken).ConfigureAwait(false) is { } place ? new LockHandle(place) : null;

    /// <summary>Takes the lock for writing if that is possible within a time; without one, if nobody has it.</summary>
    /// <returns>The lock, or null.</returns>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle?> TryAcquireWriteAsync(TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        await Waiting.TryAsync(_client, _write, wait, cancellationToken).ConfigureAwait(false) is { } place ? new LockHandle(place) : null;

    /// <summary>Who holds the lock and who waits for it, readers and writers, in their order.</summary>
    public ValueTask<IReadOnlyList<LockContender>> GetContendersAsync(CancellationToken cancellationToken = default) =>
        Contenders.ListAsync(_client, Path, cancellationToken, QueueKind.Exclusive, QueueKind.Shared);
}
