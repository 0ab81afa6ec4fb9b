using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes take a lock, and count under it in a znode by fenced writes. Nobody gets the lock while another still counts on it, no fenced
/// write comes after one of a later holder, and when all have stopped nothing is left in the queue, though all sessions live.
/// </summary>
internal sealed class LockProgram(Simulation simulation) : IProgram
{
    private readonly Holders _holders = new(simulation, "the lock");
    private long _token;
    private readonly Turns _turns = new();
    private int _written;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var client = process.Client;
        var mutex = new DistributedLock(client, "/locks/one", new LockOptions { Identity = $"{process.Number}" });
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await client.TryCreateAsync("/data", "0"u8.ToArray(), cancellationToken: stop).ConfigureAwait(false);
                using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(simulation.Between(50, 20_000)), process);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
                var handle = await mutex.AcquireAsync(either.Token).ConfigureAwait(false);
                await using var _ = handle.ConfigureAwait(false);
                OnAcquired(process, handle);
                try
                {
                    await WorkAsync(process, handle, stop).ConfigureAwait(false);
                }
                finally
                {
                    _holders.Remove(handle);
                    simulation.Say($"process {process.Number} releases the lock, lost: {handle.IsLost}");
                }
            }
            catch (Exception e) when (e is ZooKeeperException or LockLostException or OperationCanceledException)
            {
                simulation.Say($"process {process.Number}: {e.Message}");
            }
        }
    }

    private async Task WorkAsync(SimProcess process, LockHandle handle, CancellationToken stop)
    {
        for (var i = simulation.Random.Next(4); i > 0 && !handle.IsLost; i--)
            await WriteAsync(process.Client, handle).ConfigureAwait(false);

        // In steps: who stood still meanwhile still has some before him.
        for (var i = simulation.Chance(0.5) ? simulation.Random.Next(10) : 0; i > 0 && !handle.IsLost; i--)
            await process.PauseAsync(simulation.Between(1_000, 300_000), stop).ConfigureAwait(false);
    }

    public void Look() => _holders.Check();

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("does not get the lock");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"acquired {_turns.Count} times, written {_written} times");
        if (_turns.Count == 0 || _written == 0)
            simulation.Complain($"the lock was acquired {_turns.Count} times, and {_written} times written under it: that shows nothing");
        foreach (var left in tree.Children("/locks/one"))
            simulation.Complain($"{left} is left in the queue, though nobody wants the lock");
        var last = 0L;
        foreach (var value in tree.History("/data"))
        {
            var token = long.Parse(value.AsSpan(0, value.IndexOf(':', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            if (token < last)
                simulation.Complain($"the holder with the token {token} writes after that with {last}");
            last = token;
        }
    }

    private async Task WriteAsync(ZooKeeperClient client, LockHandle handle)
    {
        var before = await client.GetAsync("/data").ConfigureAwait(false);
        var value = string.Create(CultureInfo.InvariantCulture, $"{handle.FencingToken}:{before.Stat.Version}");
        await handle.Fenced.SetAsync("/data", Encoding.UTF8.GetBytes(value)).ConfigureAwait(false);
        _written++;
    }

    private void OnAcquired(SimProcess process, LockHandle handle)
    {
        _turns.Add(process);
        simulation.Say($"process {process.Number} has the lock by {handle.Path}, session {handle.Session}");
        _holders.Add(process, handle, () => handle.IsLost);

        // Who has stood still may learn late of what was his before.
        if (handle.FencingToken <= _token && !handle.IsLost)
            simulation.Complain($"process {process.Number} has token {handle.FencingToken}, and there was {_token} before");
        _token = Math.Max(_token, handle.FencingToken);
    }
}
