using Quoll.Client;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Watching;

/// <summary>What goes on over sessions: for as long as there is a client.</summary>
internal static class Sessions
{
    /// <summary>The session that there is, or the next one, however long that takes.</summary>
    /// <exception cref="SessionExpiredException">The client is bound to a session, which has ended.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed of.</exception>
    /// <exception cref="NoAuthException">The credentials were refused.</exception>
    public static ValueTask<ZooKeeperSession> NextAsync(ZooKeeperClient client, CancellationToken cancellation) =>
        Persistently.RequestAsync(client, client.GetSessionAsync, cancellation);

    /// <summary>A read that is made again until it is answered, in whatever session.</summary>
    /// <inheritdoc cref="NextAsync" path="/exception"/>
    public static async ValueTask<T> ReadAsync<T>(
        ZooKeeperClient client, Func<CancellationToken, ValueTask<T>> read, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await Persistently.RequestAsync(client, read, cancellation).ConfigureAwait(false);
            }
            catch (SessionExpiredException)
            {
                await NextAsync(client, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a znode, null if it is not there, with a watch that fires when that is no longer so.</summary>
    /// <remarks>Reading sets no watch where there is nothing, so that nothing is left behind at the server for each time that it goes;
    /// asking whether it is there does, and is only done then.</remarks>
    public static async ValueTask<Watched<Znode?>> ReadAndWatchAsync(ZooKeeperClient client, string path, CancellationToken cancellation)
    {
        while (true)
        {
            if (await Persistently.TryGetAndWatchAsync(client, path, cancellation).ConfigureAwait(false) is { } read)
                return new(read.Value, read.Watch);
            var absent = await Persistently.RequestAsync(client, token => client.ExistsAndWatchAsync(path, token), cancellation)
                .ConfigureAwait(false);
            if (absent.Value is null)
                return new(null, absent.Watch);
            absent.Watch.Dispose();
        }
    }
}
