using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Partitioning;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>A member of a <see cref="PartitionGroup"/>, over sessions, until this is disposed of.</summary>
public sealed class PartitionMember : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly ZooKeeperClient _client;
    private readonly PartitionPaths _paths;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _joined = new();
    private readonly LeasePool _pool = new();
    private readonly Pulse _pulse = new();
    private readonly Task _running;

    internal PartitionMember(ZooKeeperClient client, PartitionPaths paths, string id)
    {
        (_client, _paths, Id) = (client, paths, id);
        _running = RunAsync();
    }

    /// <summary>Who it is.</summary>
    public string Id { get; }

    /// <summary>Done when it is a member for the first time.</summary>
    internal Task Joined => _joined.Task;

    /// <summary>
    /// The partitions, each when this member has come to own it, and again when it has got it back. There is one reader; what is revoked or
    /// lost before he takes it he does not see. Ends when the member leaves, or its client is closed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The others cut the work into another number of partitions.</exception>
    public IAsyncEnumerable<PartitionLease> TakeAsync(CancellationToken cancellationToken = default) => _pool.TakeAsync(cancellationToken);

    /// <summary>
    /// Leaves: all leases are lost, and others get the partitions. Whoever wants to end his work first does that first, and gives back
    /// nothing. Never fails: if the server can't be reached now, the znode is removed in the background, or goes with its session.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        _stop.Cancel();

        // The caller waits only while there is somebody to answer.
        return _client.Session is { } session && session.LeaseRemaining > TimeSpan.Zero
            ? new ValueTask(_running.UntilAsync(session.Ended))
            : ValueTask.CompletedTask;
    }

    private async Task RunAsync()
    {
        Exception reason;
        try
        {
            while (true)
                await StayAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            reason = new ObjectDisposedException(nameof(PartitionMember));
        }
        catch (Exception e) when (e is ZooKeeperException or ObjectDisposedException or InvalidOperationException)
        {
            reason = e;
        }

        _joined.TryFail(reason);
        _pool.End(reason is ObjectDisposedException ? null : reason);
    }

    private async ValueTask StayAsync()
    {
        var session = await Sessions.NextAsync(_client, _stop.Token).ConfigureAwait(false);
        var bound = _client.InSession(session);
        if (bound.Session is null)
            return;
        var stay = new PartitionStay(bound, _paths, Id, _pool, _pulse);
        await using var ending = stay.ConfigureAwait(false);
        try
        {
            await stay.RunAsync(() => _joined.TrySetResult(), _stop.Token).ConfigureAwait(false);
        }
        catch (SessionExpiredException)
        {
            // It begins anew in the next session, as another member with the same id.
        }
        catch (ZooKeeperException e) when (e.Error is ErrorCode.NotReadOnly or ErrorCode.ThrottledOp)
        {
            await Queueing.Pauses.ForAsync(Pause, _client.Options.TimeProvider, _stop.Token).ConfigureAwait(false);
        }
    }
}
