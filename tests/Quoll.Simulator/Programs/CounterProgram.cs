using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes count with one counter. What was said to be counted was counted once, and besides that nothing but what was said to be
/// unknown.
/// </summary>
internal sealed class CounterProgram(Simulation simulation) : IProgram
{
    private int _counted;
    private int _unknown;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var counter = new DistributedCounter(process.Client, "/counter");
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await counter.AddAsync(1, stop).ConfigureAwait(false);
                _counted++;
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

    public void Verify(FinalTree tree)
    {
        var sets = tree.History("/counter").Count;
        simulation.Say($"counted {_counted} times, unknown {_unknown}, set {sets} times");
        if (_counted < 20)
            simulation.Complain($"counted {_counted} times: that shows nothing");
        if (sets < _counted || sets > _counted + _unknown)
            simulation.Complain($"{_counted} were counted and {_unknown} are unknown, but the counter was set {sets} times");
    }
}
