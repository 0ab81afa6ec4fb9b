using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes take leases of a semaphore. Never do more count on one than there are; with nothing in the way all get one, and when all have
/// stopped none is out and nobody waits.
/// </summary>
internal sealed class SemaphoreProgram(Simulation simulation) : IProgram
{
    private const int Leases = 2;
    private readonly Holders _holders = new(simulation, "leases", Leases);
    private readonly Turns _turns = new();
    private int _most;

    public Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var semaphore = new DistributedSemaphore(
            process.Client, "/semaphore", Leases, new LockOptions { Identity = $"{process.Number}" });
        return process.RepeatAsync(token => OnceAsync(process, semaphore, token), stop);
    }

    public void Look() => _holders.Check();

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("gets no lease");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"acquired {_turns.Count} times, {_most} at a time");
        if (_most < Leases)
            simulation.Complain($"{_most} leases were out at a time: that shows nothing");
        foreach (var left in tree.Children("/semaphore/leases").Concat(tree.Children("/semaphore/locks")))
            simulation.Complain($"{left} is left, though nobody wants a lease");
    }

    private async Task OnceAsync(SimProcess process, DistributedSemaphore semaphore, CancellationToken token)
    {
        if (await AcquireAsync(semaphore, token).ConfigureAwait(false) is { } lease)
        {
            await using var _ = lease.ConfigureAwait(false);
            await HoldAsync(process, lease, token).ConfigureAwait(false);
        }

        await process.PauseAsync(simulation.Between(1_000, 500_000), token).ConfigureAwait(false);
    }

    private async Task<LockHandle?> AcquireAsync(DistributedSemaphore semaphore, CancellationToken token)
    {
        if (simulation.Chance(0.6))
            return await semaphore.AcquireAsync(token).ConfigureAwait(false);
        var wait = TimeSpan.FromMilliseconds(simulation.Chance(0.5) ? 0 : simulation.Between(1, 3_000));
        return await semaphore.TryAcquireAsync(wait, token).ConfigureAwait(false);
    }

    private async Task HoldAsync(SimProcess process, LockHandle lease, CancellationToken token)
    {
        _turns.Add(process);
        simulation.Say($"process {process.Number} has a lease by {lease.Path}, session {lease.Session}");
        _holders.Add(process, lease, () => lease.IsLost);
        _most = Math.Max(_most, _holders.Counting.Count);
        try
        {
            await process.PauseAsync(simulation.Between(1_000, 1_500_000), token).ConfigureAwait(false);
        }
        finally
        {
            _holders.Remove(lease);
        }
    }
}
