using System.Text;
using Quoll.Client;

namespace Quoll.Recipes.Queueing;

/// <summary>Those who queue, as others see them.</summary>
internal static class Contenders
{
    public static async ValueTask<IReadOnlyList<LockContender>> ListAsync(
        ZooKeeperClient client, string path, CancellationToken cancellation, params QueueKind[] kinds)
    {
        var children = await Persistently.RequestAsync(
            client, token => client.TryGetChildrenAsync(path, token), cancellation).ConfigureAwait(false);
        var names = children?.Names ?? [];
        var contenders = new List<LockContender>();
        foreach (var entry in QueueOrder.Sorted(names, kinds))
        {
            var node = $"{path}/{entry.Name}";
            var read = await Persistently.RequestAsync(
                client, token => client.TryGetAsync(node, token), cancellation).ConfigureAwait(false);
            if (read is not { } znode)
                continue;
            contenders.Add(Of(znode, node, QueueOrder.Of(names, entry.Name).IsTurn));
        }

        return contenders;
    }

    public static LockContender Of(Znode znode, string path, bool isHolder) => new(
        Encoding.UTF8.GetString(znode.Data), path, DateTimeOffset.FromUnixTimeMilliseconds(znode.Stat.Ctime),
        znode.Stat.EphemeralOwner, isHolder);
}
