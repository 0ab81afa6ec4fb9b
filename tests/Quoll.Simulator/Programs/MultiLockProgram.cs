using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes take two or three of three locks together, in whatever order, and with all their patience. No lock is counted on by two;
/// nobody waits for ever; who does not get all has none, and when all have stopped nothing is left in any queue.
/// </summary>
internal sealed class MultiLockProgram(Simulation simulation) : IProgram
{
    private static readonly string[] Paths = ["/many/a", "/many/b", "/many/c"];
    private readonly Dictionary<string, Holders> _holders = Paths.ToDictionary(path => path, path => new Holders(simulation, path));
    private readonly Turns _turns = new();

    public Task RunAsync(SimProcess process, CancellationToken stop) => process.RepeatAsync(_ => OnceAsync(process, stop), stop);

    public void Look()
    {
        foreach (var holders in _holders.Values)
            holders.Check();
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("does not get its locks");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"acquired {_turns.Count} times");
        if (_turns.Count < 10)
            simulation.Complain($"locks were acquired {_turns.Count} times: that shows nothing");
        foreach (var path in Paths)
        {
            foreach (var left in tree.Children(path))
                simulation.Complain($"{path}/{left} is left in the queue, though nobody wants the lock");
        }
    }

    private async Task OnceAsync(SimProcess process, CancellationToken stop)
    {
        var paths = Paths.ToArray();
        simulation.Random.Shuffle(paths);
        var locks = new MultiLock(
            process.Client, paths.Take(simulation.Random.Next(2, 4)), new LockOptions { Identity = $"{process.Number}" });
        var handle = simulation.Chance(0.8)
            ? await locks.AcquireAsync(stop).ConfigureAwait(false)
            : await locks.TryAcquireAsync(TimeSpan.FromMilliseconds(simulation.Between(0, 2_000)), stop).ConfigureAwait(false);
        if (handle is not null)
        {
            await using var _ = handle.ConfigureAwait(false);
            await HoldAsync(process, handle, stop).ConfigureAwait(false);
        }

        await process.PauseAsync(simulation.Between(1_000, 200_000), stop).ConfigureAwait(false);
    }

    private async Task HoldAsync(SimProcess process, MultiLockHandle handle, CancellationToken stop)
    {
        _turns.Add(process);
        simulation.Say($"process {process.Number} has {string.Join(", ", handle.Handles.Select(one => one.Path))}");
        foreach (var one in handle.Handles)
        {
            var holders = _holders[one.Path[..one.Path.LastIndexOf('/')]];
            // Each is let go with the others: by the word of them all.
            holders.Add(process, handle, () => handle.Lost.IsCancellationRequested || one.IsLost);
        }

        try
        {
            await process.PauseAsync(simulation.Between(1_000, 800_000), stop).ConfigureAwait(false);
        }
        finally
        {
            foreach (var holders in _holders.Values)
                holders.Remove(handle);
        }
    }
}
