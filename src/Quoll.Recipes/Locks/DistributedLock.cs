using System.Text;
using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>An exclusive lock: of all who queue at a path, the first holds it, and they get it in the order in which they came.</summary>
/// <remarks>
/// <para>A lock is not re-entrant and belongs to no thread: who has the handle has the lock, and who asks twice queues twice.</para>
/// <para>Under a lost connection an acquire goes on, with the znode that it has or may have left; when its session ends, it begins anew at
/// the end of the queue. Cancelled, it leaves the queue, even if the server can't be reached at that moment. The path is made as a
/// container if it is not there. On the same path Curator's <c>InterProcessMutex</c> and kazoo's <c>Lock</c> exclude each other with it;
/// see <see cref="LockOptions.NameStyle"/>.</para>
/// </remarks>
public sealed class DistributedLock
{
    private readonly ZooKeeperClient _client;
    private readonly QueuePlan _plan;

    /// <param name="client">Whose session holds the lock.</param>
    /// <param name="path">The znode below which they queue, the same for all.</param>
    /// <param name="options">Who wants it, and how that is written.</param>
    public DistributedLock(ZooKeeperClient client, string path, LockOptions? options = null)
    {
        options ??= new LockOptions();
        _client = client;
        _plan = new QueuePlan(path, QueueKind.Exclusive, options.NameStyle, Encoding.UTF8.GetBytes(options.Identity));
    }

    /// <summary>The znode below which they queue.</summary>
    public string Path => _plan.Path;

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the lock is not held.</exception>
    /// <exception cref="ConnectionLossException">There is no session, and none came within the client's time for requests.</exception>
    public async ValueTask<LockHandle> AcquireAsync(CancellationToken cancellationToken = default) =>
        new((await Place.QueueAsync(_client, _plan, cancellationToken).ConfigureAwait(false))!);

    /// <summary>Takes the lock if that is possible within a time; without one, if it is free.</summary>
    /// <returns>The lock, or null if others have it.</returns>
    /// <inheritdoc cref="AcquireAsync" path="/exception"/>
    public async ValueTask<LockHandle?> TryAcquireAsync(TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        await Waiting.TryAsync(_client, _plan, wait, cancellationToken).ConfigureAwait(false) is { } place ? new LockHandle(place) : null;

    /// <summary>Who holds the lock and who waits for it, in their order.</summary>
    public ValueTask<IReadOnlyList<LockContender>> GetContendersAsync(CancellationToken cancellationToken = default) =>
        Contenders.ListAsync(_client, _plan.Path, cancellationToken, QueueKind.Exclusive);
}
