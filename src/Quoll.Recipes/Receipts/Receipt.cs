using Quoll.Client;
using Quoll.Protocol;

namespace Quoll.Recipes.Receipts;

/// <summary>
/// An ephemeral znode that nobody else touches, and its version. A transaction that also sets it, at that version, is carried out once
/// however often it is made: the second time the version is another.
/// </summary>
/// <param name="Client">Bound to the session that the znode belongs to.</param>
/// <param name="Session">The session that the znode belongs to.</param>
/// <param name="Path">The znode.</param>
/// <param name="Version">The version at which the next change sets it.</param>
internal readonly record struct Receipt(ZooKeeperClient Client, ZooKeeperSession Session, string Path, int Version)
{
    public Receipt Used() => this with { Version = unchecked(Version + 1) };

    /// <summary>Makes one. If the answer is lost it is made again: by its name, what is there then is ours.</summary>
    public static async ValueTask<Receipt> CreateAsync(
        ZooKeeperClient client, ZooKeeperSession session, string path, Func<CancellationToken, ValueTask> makeParent,
        CancellationToken cancellation)
    {
        var bound = client.InSession(session);
        while (true)
        {
            try
            {
                await Queueing.Persistently.RequestAsync(
                    bound, token => bound.TryCreateAsync(path, default, CreateMode.Ephemeral, token), cancellation).ConfigureAwait(false);
                return new Receipt(bound, session, path, 0);
            }
            catch (NoNodeException)
            {
                await makeParent(cancellation).ConfigureAwait(false);
            }
        }
    }
}
