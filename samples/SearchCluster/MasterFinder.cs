using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Samples.SearchCluster;

/// <summary>
/// Who is the master: by ZooKeeper while that can be asked, and otherwise by the operator, if he has named one, or who it was last.
/// </summary>
internal sealed class MasterFinder(ZooKeeperClient client)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new();
    private string? _elected;
    private string? _named;
    private bool _canAsk = true;

    /// <summary>Whom to ask, and what is done when that may be somebody else.</summary>
    public (string? Master, Task Changed) Look()
    {
        lock (_gate)
            return (_canAsk ? _elected : _named ?? _elected, _changed.Task);
    }

    /// <summary>An operator names the master, which counts until ZooKeeper can be asked again; false if it can be asked now.</summary>
    public bool TryName(string address)
    {
        lock (_gate)
        {
            if (_canAsk)
                return false;
            _named = address;
        }

        Tell();
        return true;
    }

    /// <summary>Follows the election, and whether ZooKeeper can be asked at all.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(FollowElectionAsync(stop), FollowConnectionAsync(stop));

    private async Task FollowElectionAsync(CancellationToken stop)
    {
        await foreach (var leader in new LeaderElection(client, Cluster.Masters).ObserveLeaderAsync(stop))
        {
            lock (_gate)
                _elected = leader?.Identity;
            Tell();
        }
    }

    private async Task FollowConnectionAsync(CancellationToken stop)
    {
        await foreach (var change in client.ObserveStateAsync(stop))
        {
            var canAsk = change.State == ConnectionState.Connected;
            lock (_gate)
            {
                if (canAsk == _canAsk)
                    continue;
                _canAsk = canAsk;
                if (canAsk)
                    _named = null;
            }

            Console.WriteLine(canAsk ? "ZooKeeper can be asked again" : "ZooKeeper can't be asked: the operator may name the master");
            Tell();
        }
    }

    private void Tell()
    {
        TaskCompletionSource changed;
        lock (_gate)
            (changed, _changed) = (_changed, new TaskCompletionSource());
        Console.WriteLine($"the master is {Look().Master ?? "nobody"}");
        changed.SetResult();
    }
}
