using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes count with one counter. What was said to be counted was counted once, and besides that nothing but what was said to be
/// unknown.
/// </summary>
internal sealed class CounterProgram(Simulation simulation) : IProgram
{
    private readonly Turns _turns = new();
    private int _unknown;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var counter = new DistributedCounter(process.Client, "/counter");
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await counter.AddAsync(1, stop).ConfigureAwait(false);
                _turns.Add(process);
            }
            catch (ZooKeeperException e)
            {
                simulation.Say($"process {process.Number}: {e.Outcome}, {e.Message}");
                _unknown += e.Outcome == RequestOutcome.Unknown ? 1 : 0;
            }
            catch (OperationCanceledException)
            {
                _unknown++;
            }

            await process.PauseAsync(simulation.Between(100, 400_000), stop).ConfigureAwait(false);
        }
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("does not count");

    public void Verify(FinalTree tree)
    {
        var sets = tree.History("/counter").Count;
        simulation.Say($"counted {_turns.Count} times, unknown {_unknown}, set {sets} times");
        if (_turns.Count < 20)
            simulation.Complain($"counted {_turns.Count} times: that shows nothing");
        if (sets < _turns.Count || sets > _turns.Count + _unknown)
            simulation.Complain($"{_turns.Count} were counted and {_unknown} are unknown, but the counter was set {sets} times");
    }
}
