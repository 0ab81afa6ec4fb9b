using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>
/// A lock that is held, until this is disposed of. It may be lost before: with its session, or because somebody deletes its znode.
/// </summary>
/// <remarks>
/// That it is lost can become known too late to be of use to a process that has slept: what keeps two holders from changing the same
/// things is <see cref="Fenced"/> for what is in ZooKeeper, and <see cref="FencingToken"/> for all else.
/// </remarks>
public sealed class LockHandle : IAsyncDisposable
{
    private readonly Place _place;
    private readonly Holding _holding;

    internal LockHandle(Place place)
    {
        _place = place;
        _holding = new Holding(place.Session);
        Fenced = new FencedClient(place.Client, place.Node.Path);
        _ = WatchNodeAsync();
    }

    /// <summary>The znode that stands for it.</summary>
    public string Path => _place.Node.Path;

    /// <summary>The session in which it is held.</summary>
    public ZooKeeperSession Session => _place.Session;

    /// <summary>
    /// Larger than the token of every holder before, in the whole ensemble (the znode's <c>czxid</c>). Give it to whatever the lock
    /// protects, and let that refuse everybody who comes with a smaller one than it has seen.
    /// </summary>
    public long FencingToken => _place.Node.Stat.Czxid;

    /// <summary>Changes in ZooKeeper that are made only while the lock is held, by the server's own word.</summary>
    public FencedClient Fenced { get; }

    /// <summary>
    /// Fires when the lock is lost, or may be: by the session's lease, which runs out before a server would give the lock to
    /// another, when the session ends, and when the znode is gone. Armed from the beginning; never by <see cref="DisposeAsync"/>.
    /// </summary>
    public CancellationToken Lost => _holding.Lost;

    /// <summary>Whether the lock is lost or may be, by the clock as well as by <see cref="Lost"/>.</summary>
    public bool IsLost => _holding.IsLost;

    /// <summary>
    /// Releases the lock. Never fails: if the server can't be reached now, the znode is removed in the background, or goes with its
    /// session.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!_holding.Release())
            return;

        // The caller waits only while there is somebody to answer.
        if (_holding.CanBeAnswered)
            await _place.LeaveAsync().ConfigureAwait(false);
        else
            _place.Leave();
    }

    private async Task WatchNodeAsync()
    {
        try
        {
            var watch = _place.TakeOwnWatch();
            while (!_holding.IsReleased)
            {
                watch ??= await WatchAsync().ConfigureAwait(false);
                if (watch is null)
                    break;
                var change = await watch.Changed.ConfigureAwait(false);
                watch = null;
                if (change.Kind is WatchEventKind.Deleted or WatchEventKind.Resync)
                    break;
            }
        }
        catch (ZooKeeperException)
        {
            // The session is over.
        }

        _holding.Lose();

        async ValueTask<Watch?> WatchAsync() =>
            (await Persistently.TryGetAndWatchAsync(_place.Client, Path, CancellationToken.None).ConfigureAwait(false))?.Watch;
    }
}
