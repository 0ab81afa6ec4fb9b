using Quoll.Client;
using Quoll.Recipes.Partitioning;

namespace Quoll.Recipes;

/// <summary>
/// A partition that is owned, until this is disposed of. Nobody else gets it before, except when it is lost: with its session, or because
/// somebody deletes its member's znode.
/// </summary>
/// <remarks>
/// That it is lost can become known too late to be of use to a process that has slept: whatever is changed outside should see
/// <see cref="FencingToken"/>, and refuse smaller ones than it has seen for the partition.
/// </remarks>
public sealed class PartitionLease : IAsyncDisposable
{
    private readonly PartitionStay _stay;
    private readonly CancellationTokenSource _revoked = new();
    private int _isGivenBack;

    internal PartitionLease(PartitionStay stay, int partition, long fencingToken)
    {
        (_stay, Partition, FencingToken) = (stay, partition, fencingToken);
        (Lost, Revoked) = (stay.Lost, _revoked.Token);
    }

    /// <summary>The partition, from 0 on.</summary>
    public int Partition { get; }

    /// <summary>The session in which it is owned.</summary>
    public ZooKeeperSession Session => _stay.Session;

    /// <summary>Larger than that of every owner of the partition before (the zxid by which it was taken).</summary>
    public long FencingToken { get; }

    /// <summary>Fires when the work is to be ended, since another shall have the partition: who disposes of this then hands it on. Fires
    /// too when it is lost.</summary>
    public CancellationToken Revoked { get; }

    /// <summary>
    /// Fires when the partition is no longer owned, or may not be: when the session's lease runs out, which is before a server would let
    /// another have it, when the session ends, and when the member leaves. Armed from the beginning; never by
    /// <see cref="DisposeAsync"/>.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether it is lost or may be, by the clock as well as by <see cref="Lost"/>.</summary>
    public bool IsLost => Lost.IsCancellationRequested || Session.LeaseRemaining <= TimeSpan.Zero;

    internal bool IsGivenBack => Volatile.Read(ref _isGivenBack) != 0;

    /// <summary>Gives the partition back, to be had by whoever shall have it; the server is told in the background. Never fails.</summary>
    public ValueTask DisposeAsync()
    {
        GiveBack();
        return ValueTask.CompletedTask;
    }

    internal void GiveBack()
    {
        if (Interlocked.Exchange(ref _isGivenBack, 1) == 0)
            _stay.OnGivenBack(this);
    }

    internal void Revoke() => _revoked.Cancel();
}
