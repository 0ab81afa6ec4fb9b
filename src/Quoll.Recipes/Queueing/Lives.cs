using Quoll.Client;

namespace Quoll.Recipes.Queueing;

/// <summary>What goes on over ended sessions, and what a session takes with it.</summary>
internal static class Lives
{
    /// <summary>Waits until there is a session, as long as that takes.</summary>
    /// <exception cref="NoAuthException">The credentials were refused.</exception>
    /// <exception cref="ObjectDisposedException">The client is closed, and none will come.</exception>
    public static async ValueTask UntilSessionAsync(ZooKeeperClient client, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await client.GetSessionAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (ConnectionLossException)
            {
                // That took the time that requests have; who goes on over sessions goes on over that, too.
            }
        }
    }
}
