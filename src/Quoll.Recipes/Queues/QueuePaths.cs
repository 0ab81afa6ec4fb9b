using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Queues;

/// <summary>The znodes of a queue.</summary>
internal sealed record QueuePaths(string Root)
{
    /// <summary>Below it are the items.</summary>
    public string Items { get; } = $"{Root}/entries";

    /// <summary>Below it are ephemeral znodes with the names of the items that somebody works on.</summary>
    public string Taken { get; } = $"{Root}/taken";

    /// <summary>Here those queue who found nothing to take.</summary>
    public string Takers { get; } = $"{Root}/takers";

    /// <summary>Here those queue who found no room.</summary>
    public string Senders { get; } = $"{Root}/senders";

    public async ValueTask CreateAsync(ZooKeeperClient client, CancellationToken cancellation)
    {
        await Persistently.CreateParentsAsync(client, Root, cancellation).ConfigureAwait(false);
        foreach (var path in (string[])[Items, Taken])
        {
            await Persistently.RequestAsync(
                client, token => client.TryCreateAsync(path, default, CreateMode.Persistent, token), cancellation).ConfigureAwait(false);
        }
    }
}
