using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes;

/// <summary>A barrier: while its znode is there, all who come wait; when it is removed, all go on.</summary>
/// <remarks>
/// The barrier outlives whoever set it. It is the same as Curator's <c>DistributedBarrier</c> and kazoo's <c>Barrier</c> at the same path.
/// Setting and removing go on, over lost connections, until they are answered; should somebody do the opposite just while an answer is
/// lost, either may have the last word.
/// </remarks>
public sealed class DistributedBarrier
{
    private readonly ZooKeeperClient _client;
    private readonly string _path;

    /// <param name="client">Whose session is used.</param>
    /// <param name="path">The znode that is the barrier.</param>
    public DistributedBarrier(ZooKeeperClient client, string path)
    {
        ArgumentNullException.ThrowIfNull(client);
        Locations.Validate(path);
        (_client, _path) = (client, path);
    }

    /// <summary>Whether the barrier is set, as the server that the client is with knows it.</summary>
    public async ValueTask<bool> IsSetAsync(CancellationToken cancellationToken = default) =>
        await _client.ExistsAsync(_path, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Sets the barrier, if it is not set.</summary>
    /// <exception cref="SessionExpiredException">The session ended before the answer.</exception>
    public async ValueTask SetAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                await Persistently.RequestAsync(
                    _client, token => _client.TryCreateAsync(_path, default, CreateMode.Persistent, token), cancellationToken)
                    .ConfigureAwait(false);
                return;
            }
            catch (NoNodeException)
            {
                await Persistently.CreateParentsAsync(_client, Locations.ParentOf(_path), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Removes the barrier, if it is set, and lets all go on.</summary>
    /// <inheritdoc cref="SetAsync" path="/exception"/>
    public async ValueTask RemoveAsync(CancellationToken cancellationToken = default) =>
        await Persistently.RequestAsync(
            _client, token => _client.TryDeleteAsync(_path, -1, token), cancellationToken).ConfigureAwait(false);

    /// <summary>Waits until the barrier is not set, over lost connections and ended sessions.</summary>
    /// <remarks>That it was removed and set again may pass unnoticed: then this waits for the next removal.</remarks>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed of.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await Lives.UntilSessionAsync(_client, cancellationToken).ConfigureAwait(false);
            try
            {
                var read = await Persistently.TryGetAndWatchAsync(_client, _path, cancellationToken).ConfigureAwait(false);
                if (read is not { } set)
                    return;
                using (set.Watch)
                    await set.Watch.Changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (SessionExpiredException)
            {
                // The barrier is nobody's: the next session waits for it all the same.
            }
        }
    }
}
