using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Queues;

/// <summary>
/// Keeps a <see cref="QueueView"/> true: both lists are read once, and again whenever events were missed; else an item that is put in,
/// taken or removed costs one event of some hundred bytes. Goes on over lost connections and ended sessions until it is disposed of.
/// </summary>
internal sealed class QueueReader : IAsyncDisposable
{
    private readonly ZooKeeperClient _client;
    private readonly Lock _gate = new();
    private readonly QueueView _view = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly WatchSubscription _items;
    private readonly WatchSubscription _taken;
    private TaskCompletionSource _changed = new();
    private Exception? _failure;

    private QueueReader(ZooKeeperClient client, WatchSubscription items, WatchSubscription taken)
    {
        (_client, _items, _taken) = (client, items, taken);
        _ = FollowAsync(items, _view.ResetItems, _view.Add, _view.Remove);
        _ = FollowAsync(taken, _view.ResetTaken, _view.Take, _view.GiveBack);
    }

    /// <summary>Done when something has changed since this was asked for.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public static async ValueTask<QueueReader> OpenAsync(ZooKeeperClient client, QueuePaths paths, CancellationToken cancellation)
    {
        var items = await WatchAsync(client, paths.Items, cancellation).ConfigureAwait(false);
        try
        {
            return new QueueReader(client, items, await WatchAsync(client, paths.Taken, cancellation).ConfigureAwait(false));
        }
        catch
        {
            await items.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc cref="QueueView.Next"/>
    public ItemName? Next(long now, out long? due)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw new InvalidOperationException("The queue can't be followed any more.", _failure);
            return _view.Next(now, out due);
        }
    }

    /// <summary>What a consumer learnt of an item before the event.</summary>
    public void Correct(Action<QueueView> correction)
    {
        lock (_gate)
            correction(_view);
    }

    public async ValueTask DisposeAsync()
    {
#pragma warning disable CA1849 // CancelAsync would go on on the thread pool, whatever the clock.
        _ended.Cancel();
#pragma warning restore CA1849
        await _items.DisposeAsync().ConfigureAwait(false);
        await _taken.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask<WatchSubscription> WatchAsync(ZooKeeperClient client, string path, CancellationToken cancellation)
    {
        while (true)
        {
            await Lives.UntilSessionAsync(client, cancellation).ConfigureAwait(false);
            try
            {
                return await Persistently.RequestAsync(
                    client, token => client.WatchAsync(path, WatchMode.PersistentRecursive, token), cancellation).ConfigureAwait(false);
            }
            catch (SessionExpiredException)
            {
                // There will be another.
            }
        }
    }

    private async Task FollowAsync(
        WatchSubscription events, Action<IEnumerable<string>> reset, Action<string> onCreated, Action<string> onDeleted)
    {
        try
        {
            await foreach (var change in events.WithCancellation(_ended.Token).ConfigureAwait(false))
            {
                if (change.Kind == WatchEventKind.Resync)
                {
                    var names = await ListAsync(events.Path).ConfigureAwait(false);
                    Apply(() => reset(names));
                }
                else if (change.Kind is WatchEventKind.Created or WatchEventKind.Deleted && change.Path.Length > events.Path.Length)
                {
                    var name = Locations.NameOf(change.Path);
                    Apply(() => (change.Kind == WatchEventKind.Created ? onCreated : onDeleted)(name));
                }
            }

            ObjectDisposedException.ThrowIf(true, _client);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Nobody reads any more.
        }
        catch (Exception e) when (e is ZooKeeperException or ObjectDisposedException)
        {
            Apply(() => _failure = e);
        }
    }

    private async ValueTask<string[]> ListAsync(string path)
    {
        while (true)
        {
            await Lives.UntilSessionAsync(_client, _ended.Token).ConfigureAwait(false);
            try
            {
                var children = await Persistently.RequestAsync(
                    _client, token => _client.TryGetChildrenAsync(path, token), _ended.Token).ConfigureAwait(false);
                return children?.Names ?? [];
            }
            catch (SessionExpiredException)
            {
                // Whoever reads the list in the next session has what he needs.
            }
        }
    }

    private void Apply(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            (changed, _changed) = (_changed, new TaskCompletionSource());
        }

        changed.TrySetResult();
    }
}
