using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes list instances of a service, change, disable and remove them, and all look for those that there are. With nothing in the way
/// everybody finds those that are listed and enabled, as they were given last; when all have stopped none is left.
/// </summary>
internal sealed class DiscoveryProgram(Simulation simulation) : IProgram
{
    private readonly Dictionary<int, ServiceInstance> _listed = [];
    private readonly Dictionary<int, IReadOnlyList<ServiceInstance>> _seen = [];
    private int _nextPort;
    private int _registered;
    private int _told;
    private bool _isQuiet;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var registry = new ServiceRegistry(process.Client, "/services");
        var looking = LookAsync(process, registry, stop);
        await process.RepeatAsync(token => ListAsync(process, registry, token, stop), stop).ConfigureAwait(false);
        await looking.ConfigureAwait(false);
    }

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        if (_listed.Count < ProgramRun.Processes)
            yield return $"{_listed.Count} instances are listed";
        var expected = Describe(_listed.OrderBy(instance => instance.Key).Select(instance => instance.Value));
        foreach (var (number, seen) in _seen)
        {
            if (Describe(seen) != expected)
                yield return $"process {number} finds {Describe(seen)}, and not {expected}";
        }
    }

    public void Verify(FinalTree tree)
    {
        simulation.Say($"registered {_registered} times, told {_told} times");
        if (_registered < 5 || _told < 20)
            simulation.Complain($"instances were registered {_registered} times, and told {_told} times: that shows nothing");
        foreach (var left in tree.Children("/services/one"))
            simulation.Complain($"{left} is left, though nobody is listed");
    }

    private static string Describe(IEnumerable<ServiceInstance> instances) => string.Join(
        ", ", instances.Where(instance => instance.IsEnabled).Select(instance => $"{instance.Id} at {instance.Port}"));

    private async Task ListAsync(SimProcess process, ServiceRegistry registry, CancellationToken token, CancellationToken stop)
    {
        var instance = new ServiceInstance { Name = "one", Id = $"{process.Number}", Port = _nextPort++ };
        var registration = await registry.RegisterAsync(instance, token).ConfigureAwait(false);
        await using var _ = registration.ConfigureAwait(false);
        _registered++;
        _listed[process.Number] = instance;
        try
        {
            while (!_isQuiet)
            {
                await process.PauseAsync(simulation.Between(1_000, 1_000_000), token).ConfigureAwait(false);
                instance = instance with { Port = _nextPort++, IsEnabled = simulation.Chance(0.7) };
                _listed[process.Number] = instance;
                await registration.UpdateAsync(instance, token).ConfigureAwait(false);
                if (simulation.Chance(0.2))
                    await registry.ResolveAsync("one", token).ConfigureAwait(false);
            }

            await process.PauseAsync(86_400_000_000, stop).ConfigureAwait(false);
        }
        finally
        {
            _listed.Remove(process.Number);
        }
    }

    private async Task LookAsync(SimProcess process, ServiceRegistry registry, CancellationToken stop)
    {
        await foreach (var instances in registry.ObserveAsync("one", stop).ConfigureAwait(false))
        {
            _told++;
            _seen[process.Number] = instances;
            if (instances.Any(instance => !instance.IsEnabled))
                simulation.Complain($"process {process.Number} is told of an instance that is not enabled");
            await process.PauseAsync(simulation.Between(1, 50_000), stop).ConfigureAwait(false);
        }
    }
}
