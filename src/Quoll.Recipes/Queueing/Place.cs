using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Recipes.Queueing;

/// <summary>
/// One znode in a queue, from before it is made until it is certainly gone. It belongs to one session: with that it ends. Whoever leaves,
/// or gives up while it is still being made, need not wait: it is removed in the background, until that is done or its session is over.
/// </summary>
internal sealed class Place
{
    private readonly QueuePlan _plan;
    private readonly string _prefix;
    private readonly Task<CreateResult> _made;
    private string[]? _children;
    private Watch? _own;
    private int _left;

    private Place(ZooKeeperClient client, ZooKeeperSession session, QueuePlan plan)
    {
        (Client, Session, _plan) = (client.InSession(session), session, plan);
        _prefix = QueueEntry.Prefix(plan.Style, plan.Kind, Ids.New(), plan.IsAmongReaders);
        _made = MakeAsync();
    }

    /// <summary>Bound to <see cref="Session"/>.</summary>
    public ZooKeeperClient Client { get; }

    public ZooKeeperSession Session { get; }

    /// <summary>The znode; only once it is made.</summary>
    public CreateResult Node => _made.Result;

    private string Name => Node.Path[(Node.Path.LastIndexOf('/') + 1)..];

    /// <summary>Queues, and returns when it is the turn.</summary>
    /// <param name="client">Whose session to queue in.</param>
    /// <param name="plan">Where to queue and as what.</param>
    /// <param name="cancellation">Ends the waiting; the place is given up then.</param>
    /// <returns>The place, whose turn it is; null if it was not and <see cref="QueuePlan.WaitsForTurn"/> says not to wait.</returns>
    /// <exception cref="ConnectionLossException">There is no session, and none came within the client's time for requests.</exception>
    public static async ValueTask<Place?> QueueAsync(ZooKeeperClient client, QueuePlan plan, CancellationToken cancellation)
    {
        while (true)
        {
            var session = await client.GetSessionAsync(cancellation).ConfigureAwait(false);
            var place = new Place(client, session, plan);
            try
            {
                if (await place.WaitAsync(plan.WaitsForTurn, cancellation).ConfigureAwait(false) is { } isTurn)
                {
                    if (isTurn)
                        return place;
                    await place.LeaveAsync().ConfigureAwait(false);
                    return null;
                }

                // Somebody deleted our znode: we queue anew, at the end.
            }
            catch (SessionExpiredException) when (session.Ended.IsCancellationRequested || client.Session != session)
            {
                // The znode goes with its session. The next session begins at the end of the queue.
            }
            catch
            {
                place.Leave();
                throw;
            }
        }
    }

    /// <summary>A watch on the znode from before the turn came, which has not been taken; null if none was needed.</summary>
    public Watch? TakeOwnWatch() => Interlocked.Exchange(ref _own, null);

    /// <summary>Gives the place up, without waiting for that.</summary>
    public void Leave() => _ = LeaveAsync();

    /// <summary>Gives the place up; done when the znode is gone, or its session. Never fails.</summary>
    public async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) != 0)
            return;
        try
        {
            var node = await _made.ConfigureAwait(false);
            await Persistently.DeleteAsync(Client, node.Path).ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // It was never made, or its session is over, and with it the znode.
        }
    }

    private async ValueTask<bool?> WaitAsync(bool waits, CancellationToken cancellation)
    {
        await _made.WaitAsync(cancellation).ConfigureAwait(false);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var children = Interlocked.Exchange(ref _children, null) ?? await ListAsync(cancellation).ConfigureAwait(false);
            var standing = QueueOrder.Of(children, Name, _plan.Leases);
            if (!standing.IsThere)
                return null;
            if (standing.Blocker is null || !waits)
                return standing.IsTurn;

            // Who has but one before him knows with the word that it is gone that it is his turn, if he is certain to be there himself.
            var isNext = standing.Position == 1 && _plan.Kind != QueueKind.Lease;
            var arming = isNext ? ArmAsync() : Task.FromResult(false);
            using var watch = await WatchAsync(standing, cancellation).ConfigureAwait(false);
            var isArmed = await arming.WaitAsync(cancellation).ConfigureAwait(false);
            if (watch is null)
                continue;
            var change = await watch.Changed.WaitAsync(cancellation).ConfigureAwait(false);
            if (isArmed && change.Kind == WatchEventKind.Deleted && _own is { IsOver: false })
                return true;
        }
    }

    // While this has not fired, our znode was there when another was deleted.
    private async Task<bool> ArmAsync()
    {
        if (_own is { IsOver: false })
            return true;
        try
        {
            var own = await Persistently.TryGetAndWatchAsync(Client, Node.Path, CancellationToken.None).ConfigureAwait(false);
            _own = own?.Watch;
            return own is not null;
        }
        catch (ZooKeeperException)
        {
            // The session is over, which the next request says.
            return false;
        }
    }

    // Null if things are not any more as they were: then they are looked at anew.
    private async ValueTask<Watch?> WatchAsync(Standing standing, CancellationToken cancellation)
    {
        // Any lease that is given back will do; there is one who waits for that, the others wait for him.
        if (_plan.Kind == QueueKind.Lease)
        {
            var leases = await Persistently.RequestAsync(
                Client, token => Client.GetChildrenAndWatchAsync(_plan.Path, token), cancellation).ConfigureAwait(false);
            _children = leases.Value.Names;
            if (!QueueOrder.Of(_children, Name, _plan.Leases).IsTurn)
                _children = null;
            else
                leases.Watch.Dispose();
            return _children is null ? leases.Watch : null;
        }

        // Reading sets no watch where there is nothing any more, unlike asking whether it exists.
        var blocker = $"{_plan.Path}/{standing.Blocker}";
        return (await Persistently.TryGetAndWatchAsync(Client, blocker, cancellation).ConfigureAwait(false))?.Watch;
    }

    private ValueTask<string[]> ListAsync(CancellationToken cancellation) => Persistently.RequestAsync(
        Client, token => new ValueTask<string[]>(SharedLists.ListAsync(Client, Session, _plan.Path).WaitAsync(token)), cancellation);

    // The list is asked for in the same breath: an uncontended lock costs one round trip.
    private async Task<CreateResult> MakeAsync()
    {
        var isUncertain = false;
        while (true)
        {
            try
            {
                if (isUncertain && await FindAsync().ConfigureAwait(false) is { } found)
                    return found;
                var create = Client.CreateAsync($"{_plan.Path}/{_prefix}", _plan.Data, CreateMode.EphemeralSequential);
                var list = SharedLists.ListAsync(Client, Session, _plan.Path);
                var made = await create.ConfigureAwait(false);
                _children = await list.ConfigureAwait(false);
                return made;
            }
            catch (NoNodeException)
            {
                await Persistently.CreateParentsAsync(Client, _plan.Path).ConfigureAwait(false);
            }
            catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException)
            {
                isUncertain = true;
            }
        }
    }

    // A create whose answer was lost has left a znode, or not. What it left is ours by its name, and only if it is of this session: after
    // an expiry the old one can still be seen for a moment (CURATOR-604). After the sync the create can't arrive any more.
    private async ValueTask<CreateResult?> FindAsync()
    {
        await Client.SyncAsync(_plan.Path).ConfigureAwait(false);
        if (await Client.TryGetChildrenAsync(_plan.Path).ConfigureAwait(false) is not { } children)
            return null;
        foreach (var name in children.Names.Where(name => name.StartsWith(_prefix, StringComparison.Ordinal)))
        {
            var path = $"{_plan.Path}/{name}";
            if (await Client.ExistsAsync(path).ConfigureAwait(false) is { } stat && stat.EphemeralOwner == Session.Id)
                return new CreateResult(path, stat);
        }

        return null;
    }
}
