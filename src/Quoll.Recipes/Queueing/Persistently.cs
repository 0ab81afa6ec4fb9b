using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Recipes.Queueing;

/// <summary>
/// Requests that are made again until they are answered or their session is over: only such as do no harm when they are made twice. The
/// client waits for connections; there is no need to wait here.
/// </summary>
internal static class Persistently
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async ValueTask<T> RequestAsync<T>(
        ZooKeeperClient client, Func<CancellationToken, ValueTask<T>> request, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await request(cancellation).ConfigureAwait(false);
            }
            catch (ZooKeeperException e) when (e is ConnectionLossException or RequestTimeoutException)
            {
                cancellation.ThrowIfCancellationRequested();
            }
            catch (ZooKeeperException e) when (e.Error == ErrorCode.ThrottledOp)
            {
                await Pauses.ForAsync(Pause, client.Options.TimeProvider, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a znode and watches it; null, and no watch, if it is not there.</summary>
    public static async ValueTask<Watched<Znode>?> TryGetAndWatchAsync(ZooKeeperClient client, string path, CancellationToken cancellation)
    {
        try
        {
            return await RequestAsync(client, token => client.GetAndWatchAsync(path, token), cancellation).ConfigureAwait(false);
        }
        catch (NoNodeException)
        {
            return null;
        }
    }

    /// <summary>Reads a znode's children and watches them; null, and no watch, if it is not there.</summary>
    public static async ValueTask<Watched<ZnodeChildren>?> TryGetChildrenAndWatchAsync(
        ZooKeeperClient client, string path, CancellationToken cancellation)
    {
        try
        {
            return await RequestAsync(client, token => client.GetChildrenAndWatchAsync(path, token), cancellation).ConfigureAwait(false);
        }
        catch (NoNodeException)
        {
            return null;
        }
    }

    /// <summary>Deletes a znode that nobody else makes. A caller can't end it: whoever waited behind that znode would wait for
    /// ever.</summary>
    /// <exception cref="SessionExpiredException">The client is bound to a session, which has ended.</exception>
    public static async ValueTask DeleteAsync(ZooKeeperClient client, string path) =>
        await RequestAsync(client, token => client.TryDeleteAsync(path, -1, token), CancellationToken.None).ConfigureAwait(false);

    /// <summary>Creates a znode and all above it, as containers where the server has them: they go when they were used and are
    /// empty.</summary>
    public static async ValueTask CreateParentsAsync(ZooKeeperClient client, string path, CancellationToken cancellation = default)
    {
        var missing = new Stack<string>();
        for (var next = path; next.Length > 1; next = next[..Math.Max(next.LastIndexOf('/'), 1)])
        {
            var at = next;
            if (await RequestAsync(client, token => client.ExistsAsync(at, token), cancellation).ConfigureAwait(false) is not null)
                break;
            missing.Push(next);
        }

        while (missing.TryPop(out var next))
        {
            await RequestAsync(
                client, token => client.TryCreateAsync(next, default, CreateMode.Container, token), cancellation).ConfigureAwait(false);
        }

    }
}
