using Quoll.Client;
using Quoll.Protocol;
using Quoll.Recipes;

namespace Quoll.Samples.SearchCluster;

/// <summary>
/// Who serves which part, and who builds it. It stands in the servers' own znodes; whoever changes it does so under a lock, so that no two
/// decide at the same time, and both who change places are changed by one transaction.
/// </summary>
internal sealed class Places(ZooKeeperClient client, int parts)
{
    private readonly DistributedLock _lock = new(client, Cluster.Lock);

    /// <summary>Chooses a part for a server that has none: to build it, or to serve it at once if it has it and nobody serves it.</summary>
    public async Task ChooseAsync(string path, IndexEntry mine, PartIndex? held, CancellationToken stop)
    {
        await using var turn = await _lock.AcquireAsync(stop);
        var servers = await ListAsync(stop);
        var chosen = held is not null && !servers.Any(server => server.Entry.Serves(held.Part))
            ? mine with { State = IndexState.Serving, Part = held.Part, Built = held.Built }
            : mine with { Part = MostUrgent(servers) };
        await turn.Fenced.SetAsync(path, chosen.Write(), cancellationToken: stop);
    }

    /// <summary>Lets a server serve what it has built. Whoever served that builds from now on.</summary>
    public async Task TakeAsync(string path, IndexEntry mine, PartIndex built, CancellationToken stop)
    {
        await using var turn = await _lock.AcquireAsync(stop);
        var serving = mine with { State = IndexState.Serving, Built = built.Built };
        var change = new Transaction().Set(path, serving.Write());
        foreach (var (other, entry) in await ListAsync(stop))
        {
            if (entry.Serves(built.Part))
                change.Set(other, new IndexEntry(entry.Address, IndexState.Building).Write());
        }

        await turn.Fenced.CommitAsync(change, stop);
    }

    // What nobody builds comes first, and of that what nobody serves or what is oldest.
    private int MostUrgent(IReadOnlyList<(string Path, IndexEntry Entry)> servers) =>
        Enumerable.Range(1, parts)
            .OrderBy(part => servers.Count(server => server.Entry.Builds(part)))
            .ThenBy(part => servers.FirstOrDefault(server => server.Entry.Serves(part)).Entry?.Built ?? default)
            .First();

    private async Task<IReadOnlyList<(string Path, IndexEntry Entry)>> ListAsync(CancellationToken stop)
    {
        var names = (await client.GetChildrenAsync(Cluster.Indexes, stop)).Names;
        var paths = Array.ConvertAll(names, name => $"{Cluster.Indexes}/{name}");
        var batch = new ReadBatch();
        foreach (var path in paths)
            batch.Get(path);
        var read = await client.ReadManyAsync(batch, stop);
        return [.. from server in paths.Zip(read)
                   where server.Second.Error == ErrorCode.Ok   // otherwise it has gone since
                   select (server.First, IndexEntry.Read(server.Second.Znode!.Value.Data))];
    }
}
