using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes enter a double barrier and leave it, again and again, some of them only for a while. Whoever is in was let in with enough
/// others, and when all have stopped no member is left.
/// </summary>
internal sealed class BarrierProgram(Simulation simulation) : IProgram
{
    private readonly Turns _turns = new();
    private int _left;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var barrier = new DoubleBarrier(process.Client, "/barrier", 3, $"{process.Number}");
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var wait = TimeSpan.FromMilliseconds(simulation.Between(100, 10_000));
                if (await barrier.TryEnterAsync(wait, stop).ConfigureAwait(false) is not { } ticket)
                    continue;
                await using var _ = ticket.ConfigureAwait(false);
                _turns.Add(process);
                await process.PauseAsync(simulation.Between(1_000, 1_000_000), stop).ConfigureAwait(false);
                if (simulation.Chance(0.8))
                {
                    using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(simulation.Between(1_000, 20_000)), process);
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
                    await ticket.LeaveAsync(either.Token).ConfigureAwait(false);
                    _left++;
                }
            }
            catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
            {
                simulation.Say($"process {process.Number}: {e.Message}");
            }
        }
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("is not let in");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"entered {_turns.Count} times, left {_left} times");
        if (_turns.Count < 3)
            simulation.Complain($"entered {_turns.Count} times: that shows nothing");
        foreach (var member in tree.Children("/barrier").Where(name => name != "ready"))
            simulation.Complain($"{member} is left in the barrier, though nobody is there");
    }
}
