using System.Globalization;
using System.Text;
using Quoll.Client;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes make changes and reads, several at a time without waiting. What the client says of each must be true of the ensemble's
/// history:
/// done is done, once; not sent or refused is not done; changes of one process are done in the order of its calls; and what it reads never
/// goes back.
/// </summary>
internal sealed class RequestProgram(Simulation simulation) : IProgram
{
    private readonly List<(string Path, RequestOutcome? Failure)> _creates = [];
    private int _unknown;
    private int _read;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var client = process.Client;
        while (!await TryAsync(() => client.TryCreateAsync("/ops", default, default, stop)).ConfigureAwait(false))
            stop.ThrowIfCancellationRequested();
        await TryAsync(() => client.TryCreateAsync("/beat", "0"u8.ToArray(), default, stop)).ConfigureAwait(false);
        var last = default((ZooKeeperSession? Session, long Zxid));
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var burst = new List<Task>();
            var reads = new List<Task<(ZooKeeperSession? Session, long Zxid)>>();
            for (var i = simulation.Random.Next(1, 8); i > 0; i--)
            {
                if (simulation.Chance(0.5))
                    burst.Add(CreateAsync(client, $"/ops/{process.Number}-{round:D6}-{9 - i}"));
                else
                    reads.Add(ReadAsync(client));
            }

            if (process.Number == 0)
                burst.Add(BeatAsync(client));
            foreach (var task in burst)
                await task.ConfigureAwait(false);

            // In the order of the calls: who goes on first when both are answered is nobody's promise.
            foreach (var read in reads)
                last = Check(process, last, await read.ConfigureAwait(false));
            await process.PauseAsync(simulation.Between(1_000, 100_000), stop).ConfigureAwait(false);
        }
    }

    public void Verify(FinalTree tree)
    {
        var made = tree.Creations.Where(path => path.StartsWith("/ops/", StringComparison.Ordinal)).ToList();
        simulation.Say($"{_creates.Count} creates, {made.Count} made, {_unknown} of which the client did not know, {_read} reads");
        if (_unknown == 0 || made.Count < 100)
            simulation.Complain($"{made.Count} were made, {_unknown} unknown: that shows nothing");
        var set = made.ToHashSet(StringComparer.Ordinal);
        if (set.Count != made.Count)
            simulation.Complain("something was made twice");
        foreach (var (path, failure) in _creates)
        {
            if (failure is null && !set.Contains(path))
                simulation.Complain($"{path} was acknowledged, and never made");
            if (failure is RequestOutcome.NotSent or RequestOutcome.Refused && set.Contains(path))
                simulation.Complain($"{path} was made, though the client says {failure}");
        }

        foreach (var own in made.GroupBy(path => path[5]))
        {
            if (!own.SequenceEqual(own.Order(StringComparer.Ordinal)))
                simulation.Complain($"process {own.Key}'s changes were not made in the order of its calls");
        }
    }

    private static async ValueTask<bool> TryAsync<T>(Func<ValueTask<T>> request)
    {
        try
        {
            await request().ConfigureAwait(false);
            return true;
        }
        catch (ZooKeeperException)
        {
            return false;
        }
    }

    private async Task CreateAsync(ZooKeeperClient client, string path)
    {
        RequestOutcome? outcome = null;
        try
        {
            await client.CreateAsync(path).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            outcome = e.Outcome;
            _unknown += e.Outcome == RequestOutcome.Unknown ? 1 : 0;
        }

        _creates.Add((path, outcome));
    }

    private async Task BeatAsync(ZooKeeperClient client)
    {
        var value = simulation.Now.ToString(CultureInfo.InvariantCulture);
        await TryAsync(() => client.SetAsync("/beat", Encoding.UTF8.GetBytes(value))).ConfigureAwait(false);
    }

    private async Task<(ZooKeeperSession? Session, long Zxid)> ReadAsync(ZooKeeperClient client)
    {
        try
        {
            var session = client.Session;
            var znode = await client.GetAsync("/beat").ConfigureAwait(false);
            _read++;
            return client.Session == session ? (session, znode.Stat.Mzxid) : default;
        }
        catch (ZooKeeperException)
        {
            // Its answer was lost; there was a change behind it.
            return default;
        }
    }

    // A session sees the ensemble's history go forward, on whatever servers.
    private (ZooKeeperSession? Session, long Zxid) Check(
        SimProcess process, (ZooKeeperSession? Session, long Zxid) last, (ZooKeeperSession? Session, long Zxid) next)
    {
        if (next.Session is null)
            return last;
        if (next.Session == last.Session && next.Zxid < last.Zxid)
            simulation.Complain($"process {process.Number} reads 0x{next.Zxid:x} after 0x{last.Zxid:x}");
        return next;
    }
}
