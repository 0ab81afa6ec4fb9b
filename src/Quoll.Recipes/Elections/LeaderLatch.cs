using System.Runtime.ExceptionServices;
using Quoll.Client;

namespace Quoll.Recipes;

/// <summary>
/// A candidate that stands all the time, in the background, and says at every moment whether it leads: over lost connections, and in the
/// next session when one ends. Disposed of, it stands down.
/// </summary>
/// <remarks>What leading means, and what it does not, says <see cref="LeaderElection"/>.</remarks>
public sealed class LeaderLatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _standing;
    private TaskCompletionSource _changed = new();
    private LockHandle? _leadership;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins to stand.</summary>
    /// <inheritdoc cref="LeaderElection(ZooKeeperClient, string, ElectionOptions?)"/>
    public LeaderLatch(ZooKeeperClient client, string path, ElectionOptions? options = null)
    {
        Election = new LeaderElection(client, path, options);
        _standing = StandAsync();
    }

    /// <summary>The election, for who else stands and who leads.</summary>
    public LeaderElection Election { get; }

    /// <summary>Whether it leads, by the clock too: false as soon as it can't be sure any more.</summary>
    public bool IsLeader => Leadership is not null;

    /// <summary>What it leads by; null while it does not.</summary>
    public LockHandle? Leadership => Volatile.Read(ref _leadership) is { IsLost: false } leadership ? leadership : null;

    /// <summary>Waits until it leads.</summary>
    /// <exception cref="OperationCanceledException">The token fired, or the latch was disposed of.</exception>
    /// <exception cref="ZooKeeperException">It can't stand: the server refuses it, by an ACL for example.</exception>
    public async ValueTask<LockHandle> WaitAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
                changed = _changed.Task;
            if (Leadership is { } leadership)
                return leadership;
            _stop.Token.ThrowIfCancellationRequested();
            _failure?.Throw();
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stands down, and leads no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _standing.ConfigureAwait(false);
        Tell();
    }

    private async Task StandAsync()
    {
        try
        {
            // Leading lasts until it is lost or the latch is disposed of; then the run stands anew, or ends.
            await Election.RunAsync(LeadAsync, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed of.
        }
        catch (ObjectDisposedException)
        {
            // The client was disposed of: there is nothing left to stand by.
            _stop.Cancel();
        }
        catch (ZooKeeperException e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }

        Tell();
    }

    private async Task LeadAsync(LockHandle leadership, CancellationToken lost)
    {
        Volatile.Write(ref _leadership, leadership);
        Tell();
        var over = new TaskCompletionSource();
        using (lost.UnsafeRegister(static over => ((TaskCompletionSource)over!).TrySetResult(), over))
            await over.Task.ConfigureAwait(false);
        Volatile.Write(ref _leadership, null);
        Tell();
        lost.ThrowIfCancellationRequested();
    }

    private void Tell()
    {
        TaskCompletionSource changed;
        lock (_gate)
            (changed, _changed) = (_changed, new TaskCompletionSource());
        changed.TrySetResult();
    }
}
