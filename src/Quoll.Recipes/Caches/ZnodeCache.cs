using System.Runtime.CompilerServices;
using Quoll.Client;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>One znode as it is, kept at hand: reading it costs no request.</summary>
/// <remarks>
/// It begins to read when it is made, and goes on over lost connections and ended sessions until it is disposed of or the client is. The
/// znode need not exist; it is told when it is created, and when it is created again. What is between two changes may be missed, the last
/// never. It costs one watch, and one or two requests per change.
/// </remarks>
public sealed class ZnodeCache : IAsyncDisposable
{
    private readonly ZooKeeperClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Latest<Reading> _latest = new(default);
    private readonly TaskCompletionSource _ready = new();
    private readonly Task _running;

    /// <param name="client">Who reads.</param>
    /// <param name="path">The znode.</param>
    public ZnodeCache(ZooKeeperClient client, string path)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        (_client, Path) = (client, path);
        _running = RunAsync();
    }

    /// <summary>The znode.</summary>
    public string Path { get; }

    /// <summary>Done when it was read for the first time, whether it is there or not. Fails as the reading does: it is not allowed, or
    /// the client is closed.</summary>
    public Task Ready => _ready.Task;

    /// <summary>The znode as it was last read; null if it is not there, and before <see cref="Ready"/>.</summary>
    public Znode? Current => _latest.Value.Znode;

    /// <summary>Whether it was read, and there is a server to tell when it changes. Otherwise it may be another by now.</summary>
    public bool IsFresh => _latest.Value.WasRead && _client.State.State == ConnectionState.Connected;

    /// <summary>
    /// The znode as it is and becomes; null where it is not there. Begins when it was read for the first time. A reader who is slower than
    /// the changes gets the latest only. Ends when the cache is disposed of, or its client.
    /// </summary>
    public async IAsyncEnumerable<Znode?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var reading in _latest.ObserveAsync(cancellationToken).ConfigureAwait(false))
        {
            if (reading.WasRead)
                yield return reading.Znode;
        }
    }

    /// <summary>Ends the reading, and the streams with it.</summary>
    public ValueTask DisposeAsync()
    {
        _stop.Cancel();
        return new ValueTask(_running);
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
                await ReadAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            End(new ObjectDisposedException(nameof(ZnodeCache)));
        }
        catch (Exception e) when (e is ZooKeeperException or ObjectDisposedException)
        {
            End(e);
        }
    }

    private void End(Exception reason)
    {
        _ready.TryFail(reason);
        _latest.End(reason is ObjectDisposedException ? null : reason);
    }

    private async ValueTask ReadAsync()
    {
        var (znode, watch) = await Sessions.ReadAsync(
            _client, token => Sessions.ReadAndWatchAsync(_client, Path, token), _stop.Token).ConfigureAwait(false);
        using (watch)
        {
            _latest.Publish(new Reading(true, znode));
            _ready.TrySetResult();
            await watch.Changed.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private readonly record struct Reading(bool WasRead, Znode? Znode);
}
