using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Interop.Recipes;

/// <summary>Who works on which partition, told by the workers themselves: two at once is what must not be.</summary>
internal sealed class Workers
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, PartitionLease> _working = [];
    private readonly Dictionary<int, long> _tokens = [];
    private readonly HashSet<long> _ended = [];

    /// <summary>What went wrong.</summary>
    public List<string> Wrongs { get; } = [];

    /// <summary>How often a partition was taken.</summary>
    public int Taken { get; private set; }

    /// <summary>Takes what a member is given, and gives it back as soon as that is wanted.</summary>
    public async Task WorkAsync(PartitionMember member)
    {
        await foreach (var lease in member.TakeAsync())
        {
            Begin(lease);
            lease.Revoked.Register(() => End(lease));
        }
    }

    /// <summary>Ends a client's session behind its back, long before its lease runs out: he can't know that what he has is lost before
    /// he is told, and only the fencing token can.</summary>
    public async Task EndSessionAsync(ZooKeeperClient client)
    {
        lock (_gate)
            _ended.Add(client.Session!.Id);
        await Faults.EndSessionAsync(client);
    }

    /// <summary>The partitions that are worked on.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _working.Values.Count(lease => !lease.Lost.IsCancellationRequested);
        }
    }

    private void Begin(PartitionLease lease)
    {
        lock (_gate)
        {
            Taken++;
            if (_working.TryGetValue(lease.Partition, out var other) && !other.IsLost && !_ended.Contains(other.Session.Id))
                Wrongs.Add($"partition {lease.Partition} has two owners, with {other.FencingToken} and {lease.FencingToken}");
            if (_tokens.GetValueOrDefault(lease.Partition) >= lease.FencingToken)
                Wrongs.Add($"partition {lease.Partition} was taken with {lease.FencingToken} after {_tokens[lease.Partition]}");
            _tokens[lease.Partition] = lease.FencingToken;
            _working[lease.Partition] = lease;
        }
    }

    private void End(PartitionLease lease)
    {
        lock (_gate)
        {
            if (_working.GetValueOrDefault(lease.Partition) == lease)
                _working.Remove(lease.Partition);
        }

        _ = lease.DisposeAsync().AsTask();
    }
}
