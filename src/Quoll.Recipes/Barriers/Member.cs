using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Barriers;

/// <summary>
/// An ephemeral znode with a name that nobody else has, from before it is made until it is certainly gone. It belongs to one session.
/// </summary>
internal sealed class Member
{
    // Before all names of Curator's and kazoo's members: the first by name stays until all have gone, and of theirs, only one that is alone
    // leaves although there is a mark.
    private const string First = "0-";

    private readonly Task<long> _made;
    private int _left;

    public Member(ZooKeeperClient client, ZooKeeperSession session, string parent, ReadOnlyMemory<byte> data)
    {
        (Client, Session, Name) = (client.InSession(session), session, $"{First}{Ids.New():N}");
        Path = $"{parent}/{Name}";
        _made = MakeAsync(parent, data);
    }

    /// <summary>Bound to <see cref="Session"/>.</summary>
    public ZooKeeperClient Client { get; }

    public ZooKeeperSession Session { get; }

    public string Name { get; }

    public string Path { get; }

    /// <summary>Returns when it is there.</summary>
    /// <returns>The zxid by which it was made.</returns>
    public Task<long> UntilMadeAsync(CancellationToken cancellation) => _made.WaitAsync(cancellation);

    /// <summary>Removes it, without waiting for that.</summary>
    public void Leave() => _ = LeaveAsync();

    /// <summary>Removes it; done when it is gone, or its session. Never fails.</summary>
    public async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) != 0)
            return;
        try
        {
            await _made.ConfigureAwait(false);
            await Persistently.DeleteAsync(Client, Path).ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // It was never made, or its session is over, and with it the znode.
        }
    }

    private async Task<long> MakeAsync(string parent, ReadOnlyMemory<byte> data)
    {
        while (true)
        {
            try
            {
                var made = await Persistently.RequestAsync(
                    Client, token => Client.TryCreateAsync(Path, data, CreateMode.Ephemeral, token), CancellationToken.None)
                    .ConfigureAwait(false);
                if (made is { } result)
                    return result.Stat.Czxid;

                // What an earlier attempt left, whose answer was lost; unless somebody has deleted it since, and it is made again.
                var left = await Persistently.RequestAsync(Client, token => Client.ExistsAsync(Path, token), CancellationToken.None)
                    .ConfigureAwait(false);
                if (left is { } stat)
                    return stat.Czxid;
            }
            catch (NoNodeException)
            {
                await Persistently.CreateParentsAsync(Client, parent).ConfigureAwait(false);
            }
        }
    }
}
