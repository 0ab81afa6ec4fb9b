using System.Text;
using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes.Partitioning;

/// <summary>
/// A member's time in the group, within one session, under one znode that says what it has. It takes a partition that the assignment gives
/// it only when no other member's znode says that it has it, and only in one transaction with a check that this is still the assignment: so
/// two can't take the same, whatever each of them knows.
/// </summary>
/// <remarks>
/// Why this suffices: assume that B takes p under the assignment v. Whoever else takes p does so under another assignment, and since
/// assignments follow each other, before v was made or after v was replaced. If before, B has read who is there and what they have after it
/// had read v, and so has seen it. If after, the other has seen B.
/// </remarks>
internal sealed class PartitionStay : IAsyncDisposable
{
    private readonly ZooKeeperClient _client;
    private readonly PartitionPaths _paths;
    private readonly LeasePool _pool;
    private readonly Pulse _pulse;
    private readonly string _name;
    private readonly string _node;
    private readonly CancellationTokenSource _lost = new();
    private readonly WatchedValue<ZnodeChildren> _members;
    private readonly WatchedValue<Znode?> _assignment;
    private readonly Dictionary<string, WatchedValue<Znode>> _others = [];
    private readonly SortedDictionary<int, PartitionLease> _held = [];
    private int _version;
    private long _seen;

    public PartitionStay(ZooKeeperClient client, PartitionPaths paths, string id, LeasePool pool, Pulse pulse)
    {
        Session = client.Session ?? throw new ArgumentException("A stay is within a session.", nameof(client));
        (_client, _paths, _pool, _pulse) = (client, paths, pool, pulse);
        (_name, Lost) = (MemberName.New(id), _lost.Token);
        _node = ZnodePaths.Join(paths.Members, _name);
        _members = new(client, token => client.GetChildrenAndWatchAsync(paths.Members, token), pulse);
        _assignment = new(client, token => Sessions.ReadAndWatchAsync(client, paths.Assignment, token), pulse);
    }

    public ZooKeeperSession Session { get; }

    /// <summary>Fires when nothing of what it has is certain any more.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Goes on until it is over: the znode was deleted, the session's lease ran out, or its caller ends it.</summary>
    /// <param name="onJoined">Called when it is a member and knows of the others.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="InvalidOperationException">The others cut the work into another number of partitions.</exception>
    public async ValueTask RunAsync(Action onJoined, CancellationToken cancellation)
    {
        using var onLapse = Session.Lease.UnsafeRegister(static stay => ((PartitionStay)stay!).Lose(), this);
        using var onEnd = Session.Ended.UnsafeRegister(static stay => ((PartitionStay)stay!).Lose(), this);
        try
        {
            await Persistently.CreateParentsAsync(_client, _paths.Members, cancellation).ConfigureAwait(false);
            await Persistently.RequestAsync(
                _client, token => _client.TryCreateAsync(_node, default, CreateMode.Ephemeral, token), CancellationToken.None)
                .ConfigureAwait(false);
            while (!Lost.IsCancellationRequested)
            {
                var isDone = await PassAsync(cancellation).ConfigureAwait(false);
                onJoined();
                if (isDone)
                    await _pulse.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
        catch (NoNodeException)
        {
            // Somebody deleted our znode, or what is above it.
        }
    }

    /// <summary>Ends what it has, and removes its znode; done when that is gone, or the session. Never fails.</summary>
    public async ValueTask DisposeAsync()
    {
        Lose();
        _members.Dispose();
        _assignment.Dispose();
        DropOthers();
        try
        {
            await Persistently.DeleteAsync(_client, _node).ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // The session is over, and the znode with it.
        }
    }

    public void OnGivenBack(PartitionLease lease)
    {
        _pool.Remove(lease);
        _pulse.Set();
    }

    private void Lose()
    {
        _lost.Cancel();
        PartitionLease[] held;
        lock (_held)
            held = [.. _held.Values];
        foreach (var lease in held)
            Revoke(lease);
        _pulse.Set();
    }

    // What nobody has taken needs nobody to give it back.
    private void Revoke(PartitionLease lease)
    {
        lease.Revoke();
        if (_pool.Withdraw(lease))
            lease.GiveBack();
    }

    // One look at everything, and the next thing that is to be done; true where there was nothing, until something changes.
    private async ValueTask<bool> PassAsync(CancellationToken cancellation)
    {
        var read = await _assignment.GetAsync(cancellation).ConfigureAwait(false);
        ExpireFor(read?.Stat.Mzxid ?? 0);
        var members = (await _members.GetAsync(cancellation).ConfigureAwait(false)).Names;
        if (!members.Contains(_name))
            throw new NoNodeException(_node, "The member's znode is gone.");
        var assignment = read is { } znode ? Assignment.Parse(znode.Data) : null;
        if (assignment is not null && assignment.Partitions != _paths.Partitions && members.Length == 1)
            assignment = null;
        if (assignment is not null && assignment.Partitions != _paths.Partitions)
        {
            throw new InvalidOperationException(
                $"The others at {_paths.Path} have {assignment.Partitions} partitions, and this member {_paths.Partitions}.");
        }

        // Any one will do; that it is not all of them at once saves requests.
        if (assignment?.IsFor(members) != true && members.Min(StringComparer.Ordinal) == _name)
        {
            await AssignAsync((assignment ?? Assignment.Empty(_paths.Partitions)).For(members), read?.Stat.Version, cancellation)
                .ConfigureAwait(false);
            return false;
        }

        return await ReachAsync(assignment?.Of(_name) ?? [], members, read?.Stat.Version ?? 0, cancellation).ConfigureAwait(false);
    }

    // Who the others are and what they have must have been read after the assignment. Then they may still be kept for as long as it stays:
    // under it nobody else can take what is ours.
    private void ExpireFor(long assignment)
    {
        if (assignment == _seen)
            return;
        _seen = assignment;
        _members.Expire();
        foreach (var other in _others.Values)
            other.Expire();
    }

    private async ValueTask AssignAsync(Assignment assignment, int? version, CancellationToken cancellation)
    {
        try
        {
            if (version is { } replaced)
                await _client.SetAsync(_paths.Assignment, assignment.Write(), replaced, cancellation).ConfigureAwait(false);
            else
                await _client.TryCreateAsync(_paths.Assignment, assignment.Write(), default, cancellation).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
            when (e is BadVersionException or NoNodeException or ConnectionLossException or RequestTimeoutException)
        {
            // Another was faster, or it is not known: what there is now is read again.
        }
    }

    private async ValueTask<bool> ReachAsync(IReadOnlyList<int> mine, string[] members, int version, CancellationToken cancellation)
    {
        var isMine = mine.ToHashSet();
        foreach (var lease in _held.Values.Where(lease => !isMine.Contains(lease.Partition)).ToArray())
            Revoke(lease);
        var returned = _held.Values.Where(lease => lease.IsGivenBack).ToList();
        var kept = _held.Keys.Except(returned.Select(lease => lease.Partition)).ToHashSet();
        var taken = mine.Except(kept).Except(_pool.Out).ToHashSet();
        if (taken.Count > 0)
            taken.ExceptWith(await OthersAsync(members, cancellation).ConfigureAwait(false));
        else
            DropOthers();
        if (taken.Count == 0 && returned.Count == 0)
            return true;
        var listed = Encoding.UTF8.GetBytes(PartitionRanges.Write(kept.Concat(taken).Order()));
        var transaction = taken.Count > 0 ? new Transaction().Check(_paths.Assignment, version) : new Transaction();
        if (await WriteAsync(transaction.Set(_node, listed, _version), listed).ConfigureAwait(false) is not { } zxid)
            return false;
        Become(returned, taken.Order().Select(partition => new PartitionLease(this, partition, zxid)).ToList());
        return false;
    }

    private void Become(List<PartitionLease> returned, List<PartitionLease> taken)
    {
        lock (_held)
        {
            foreach (var lease in returned)
                _held.Remove(lease.Partition);
            foreach (var lease in taken)
                _held[lease.Partition] = lease;
        }

        // Lost meanwhile: then whoever lost the others did not see these.
        _pool.Add(taken);
        if (Lost.IsCancellationRequested)
            taken.ForEach(Revoke);
    }

    // The zxid at which it was written; null if it was not, and all is to be looked at again.
    private async ValueTask<long?> WriteAsync(Transaction transaction, byte[] listed)
    {
        try
        {
            var results = await _client.CommitAsync(transaction, CancellationToken.None).ConfigureAwait(false);
            _version = results[^1].Stat!.Value.Version;
            return results[^1].Stat!.Value.Mzxid;
        }
        catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException
            || (e is TransactionFailedException && e.Error is ErrorCode.BadVersion or ErrorCode.NoNode))
        {
            // Behind the sync the transaction can't arrive any more, and whether it has says the znode.
            await Persistently.RequestAsync(_client, SyncAsync, CancellationToken.None).ConfigureAwait(false);
            var own = await Persistently.RequestAsync(_client, token => _client.GetAsync(_node, token), CancellationToken.None)
                .ConfigureAwait(false);
            var isWritten = own.Stat.Version == _version + 1 && own.Data.AsSpan().SequenceEqual(listed);
            _version = own.Stat.Version;
            return isWritten ? own.Stat.Mzxid : null;
        }
    }

    private async ValueTask<bool> SyncAsync(CancellationToken cancellation)
    {
        await _client.SyncAsync(_node, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>What the other members have.</summary>
    private async ValueTask<HashSet<int>> OthersAsync(string[] members, CancellationToken cancellation)
    {
        foreach (var gone in _others.Keys.Except(members).ToArray())
            Drop(gone);
        var reads = members.Where(member => member != _name).Select(member => ReadClaimsAsync(member, cancellation)).ToArray();
        var claimed = new HashSet<int>();
        foreach (var read in reads)
            claimed.UnionWith(await read.ConfigureAwait(false));
        return claimed;
    }

    private async Task<List<int>> ReadClaimsAsync(string member, CancellationToken cancellation)
    {
        if (!_others.TryGetValue(member, out var watched))
        {
            var node = ZnodePaths.Join(_paths.Members, member);
            _others[member] = watched = new(_client, token => _client.GetAndWatchAsync(node, token), _pulse);
        }

        try
        {
            var claims = Encoding.UTF8.GetString((await watched.GetAsync(cancellation).ConfigureAwait(false)).Data);

            // What can't be read is somebody who may have anything.
            return PartitionRanges.Parse(claims, _paths.Partitions) ?? [.. Enumerable.Range(0, _paths.Partitions)];
        }
        catch (NoNodeException)
        {
            return [];
        }
    }

    private void DropOthers()
    {
        foreach (var member in _others.Keys.ToArray())
            Drop(member);
    }

    private void Drop(string member)
    {
        if (_others.Remove(member, out var watched))
            watched.Dispose();
    }
}
