using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes stand for election, in turn by a run and by a latch. No two of them count on leading at the same time, whoever loses it stands
/// anew, and when all have stopped no candidate is left.
/// </summary>
internal sealed class ElectionProgram(Simulation simulation) : IProgram
{
    private readonly Holders _leaders = new(simulation, "leading");
    private readonly HashSet<int> _led = [];
    private readonly Turns _turns = new();

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var options = new ElectionOptions { Identity = $"{process.Number}" };
            if (simulation.Chance(0.5))
                await new LeaderElection(process.Client, "/election", options).RunAsync(LeadAsync, stop).ConfigureAwait(false);
            else
                await StandAsync(new LeaderLatch(process.Client, "/election", options), process, stop).ConfigureAwait(false);
        }

        Task LeadAsync(LockHandle leadership, CancellationToken lost) => LeadForAWhileAsync(process, leadership, lost);
    }

    public void Look() => _leaders.Check();

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("does not come to lead");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"{_turns.Count} terms, of {_led.Count} processes");
        if (_led.Count < 2)
            simulation.Complain($"{_led.Count} processes ever led: that shows nothing");
        foreach (var left in tree.Children("/election"))
            simulation.Complain($"{left} is left of the candidates, though nobody stands");
    }

    private async Task StandAsync(LeaderLatch latch, SimProcess process, CancellationToken stop)
    {
        await using var _ = latch.ConfigureAwait(false);
        var leadership = await latch.WaitAsync(stop).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(leadership.Lost, stop);
        try
        {
            await LeadForAWhileAsync(process, leadership, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            if (latch.Leadership == leadership)
                simulation.Complain($"the latch of process {process.Number} says that it leads, by what it has lost");
        }
    }

    private async Task LeadForAWhileAsync(SimProcess process, LockHandle leadership, CancellationToken lost)
    {
        if (leadership.IsLost)
            return;
        _turns.Add(process);
        _led.Add(process.Number);
        simulation.Say($"process {process.Number} leads by {leadership.Path}, session {leadership.Session}");
        _leaders.Add(process, leadership, () => leadership.IsLost);
        try
        {
            await process.PauseAsync(simulation.Between(1_000, 3_000_000), lost).ConfigureAwait(false);
        }
        finally
        {
            _leaders.Remove(leadership);
        }
    }
}
