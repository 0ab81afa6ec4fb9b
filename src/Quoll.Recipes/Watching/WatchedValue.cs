using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Watching;

/// <summary>Something that is read once, and again only after its watch has fired. The loop that uses it is woken by that.</summary>
internal sealed class WatchedValue<T>(
    ZooKeeperClient client, Func<CancellationToken, ValueTask<Watched<T>>> read, Pulse pulse) : IDisposable
{
    private Watched<T>? _current;

    public async ValueTask<T> GetAsync(CancellationToken cancellation)
    {
        if (_current is { Watch.Changed.IsCompleted: false } current)
            return current.Value;
        var next = await Persistently.RequestAsync(client, read, cancellation).ConfigureAwait(false);
        _current = next;
        pulse.SetBy(next.Watch);
        return next.Value;
    }

    public void Dispose() => _current?.Watch.Dispose();
}
