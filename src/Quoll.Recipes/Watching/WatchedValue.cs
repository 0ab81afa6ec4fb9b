using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Watching;

/// <summary>Something that is read once, and again only after its watch has fired. The loop that uses it is woken by that.</summary>
internal sealed class WatchedValue<T>(
    ZooKeeperClient client, Func<CancellationToken, ValueTask<Watched<T>>> read, Pulse pulse) : IDisposable
{
    private Watched<T>? _current;
    private bool _isExpired;

    /// <summary>Has it read anew the next time: that a watch has not fired yet does not mean that nothing has changed before some other
    /// answer.</summary>
    public void Expire() => _isExpired = true;

    public async ValueTask<T> GetAsync(CancellationToken cancellation)
    {
        if (!_isExpired && _current is { Watch.Changed.IsCompleted: false } current)
            return current.Value;
        var next = await Persistently.RequestAsync(client, read, cancellation).ConfigureAwait(false);
        Dispose();
        (_current, _isExpired) = (next, false);
        pulse.SetBy(next.Watch);
        return next.Value;
    }

    public void Dispose() => _current?.Watch.Dispose();
}
