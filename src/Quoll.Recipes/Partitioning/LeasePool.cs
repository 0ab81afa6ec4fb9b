using System.Runtime.CompilerServices;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Partitioning;

/// <summary>
/// The leases of one member that were not given back, over all its stays, and those of them that nobody has taken yet: at most one for each
/// partition.
/// </summary>
internal sealed class LeasePool
{
    private readonly Lock _gate = new();
    private readonly Pulse _pulse = new();
    private readonly Dictionary<int, PartitionLease> _out = [];
    private readonly SortedDictionary<int, PartitionLease> _untaken = [];
    private bool _isOver;
    private Exception? _failure;

    /// <summary>The partitions whose leases are not given back.</summary>
    public int[] Out
    {
        get
        {
            lock (_gate)
                return [.. _out.Keys];
        }
    }

    public void Add(IReadOnlyCollection<PartitionLease> leases)
    {
        if (leases.Count == 0)
            return;
        lock (_gate)
        {
            foreach (var lease in leases)
                _out[lease.Partition] = _untaken[lease.Partition] = lease;
        }

        _pulse.Set();
    }

    public void Remove(PartitionLease lease)
    {
        lock (_gate)
        {
            if (_out.GetValueOrDefault(lease.Partition) == lease)
                _out.Remove(lease.Partition);
            RemoveUntaken(lease);
        }
    }

    /// <summary>Whether nobody has taken it; then nobody will.</summary>
    public bool Withdraw(PartitionLease lease)
    {
        lock (_gate)
            return RemoveUntaken(lease);
    }

    public void End(Exception? failure)
    {
        lock (_gate)
            (_isOver, _failure) = (true, failure);
        _pulse.Set();
    }

    public async IAsyncEnumerable<PartitionLease> TakeAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryTake(out var isOver) is { } lease)
                yield return lease;
            else if (isOver)
                break;
            else
                await _pulse.WaitAsync(cancellation).ConfigureAwait(false);
        }

        if (_failure is { } failure)
            throw failure;
    }

    private PartitionLease? TryTake(out bool isOver)
    {
        lock (_gate)
        {
            isOver = _isOver;
            if (_untaken.Count == 0)
                return null;
            var (partition, lease) = _untaken.First();
            _untaken.Remove(partition);
            return lease;
        }
    }

    private bool RemoveUntaken(PartitionLease lease) =>
        _untaken.GetValueOrDefault(lease.Partition) == lease && _untaken.Remove(lease.Partition);
}
