using Quoll.Client;

namespace Quoll.Recipes;

/// <summary>Several locks that are held together or not at all.</summary>
/// <remarks>They are taken in the order of their paths, whatever order they were given in, so that two who want the same can't wait for
/// each other.</remarks>
public sealed class MultiLock
{
    private readonly DistributedLock[] _locks;
    private readonly TimeProvider _time;

    /// <param name="client">Whose session holds the locks.</param>
    /// <param name="paths">The locks' paths; each counts once.</param>
    /// <param name="options">Who wants them.</param>
    public MultiLock(ZooKeeperClient client, IEnumerable<string> paths, LockOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _time = client.Options.TimeProvider;
        _locks = [.. paths.Distinct().Order(StringComparer.Ordinal).Select(path => new DistributedLock(client, path, options))];
        if (_locks.Length == 0)
            throw new ArgumentException("There is no path among the paths.", nameof(paths));
    }

    /// <summary>Waits for all of them. Those that it has are released again if it does not get the others.</summary>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public async ValueTask<MultiLockHandle> AcquireAsync(CancellationToken cancellationToken = default) =>
        (await TakeAsync(async (one, _) => await one.AcquireAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false))!;

    /// <summary>Takes all of them if that is possible within a time; without one, if all are free.</summary>
    /// <returns>The locks, or null if others have one of them.</returns>
    /// <inheritdoc cref="DistributedLock.AcquireAsync" path="/exception"/>
    public ValueTask<MultiLockHandle?> TryAcquireAsync(TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        return TakeAsync((one, spent) => one.TryAcquireAsync(wait > spent ? wait - spent : TimeSpan.Zero, cancellationToken));
    }

    private async ValueTask<MultiLockHandle?> TakeAsync(Func<DistributedLock, TimeSpan, ValueTask<LockHandle?>> take)
    {
        var begun = _time.GetTimestamp();
        var handle = new MultiLockHandle();
        try
        {
            foreach (var one in _locks)
            {
                if (await take(one, _time.GetElapsedTime(begun)).ConfigureAwait(false) is not { } taken)
                {
                    await handle.DisposeAsync().ConfigureAwait(false);
                    return null;
                }

                handle.Add(taken);
            }

            return handle;
        }
        catch
        {
            await handle.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>Several locks that are held, until this is disposed of.</summary>
public sealed class MultiLockHandle : IAsyncDisposable
{
    private readonly List<LockHandle> _handles = [];
    private readonly List<CancellationTokenRegistration> _registrations = [];
    private readonly CancellationTokenSource _lost = new();

    internal MultiLockHandle() => Lost = _lost.Token;

    /// <summary>The locks, in the order of their paths.</summary>
    public IReadOnlyList<LockHandle> Handles => _handles;

    /// <summary>Fires when one of them is lost, or may be; see <see cref="LockHandle.Lost"/>.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Releases all of them, the last one first. Never fails; see <see cref="LockHandle.DisposeAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var registration in _registrations)
            await registration.DisposeAsync().ConfigureAwait(false);
        for (var i = _handles.Count - 1; i >= 0; i--)
            await _handles[i].DisposeAsync().ConfigureAwait(false);
    }

    internal void Add(LockHandle handle)
    {
        _handles.Add(handle);
        _registrations.Add(handle.Lost.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _lost));
    }
}
