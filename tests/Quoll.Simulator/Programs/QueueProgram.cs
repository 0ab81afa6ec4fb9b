using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes put items into a queue, and work on them. No item is held by two who count on it; none that was put in is lost, and none is
/// put in or completed twice; when all have stopped nobody has an item or waits for one.
/// </summary>
internal sealed class QueueProgram(Simulation simulation) : IProgram
{
    private readonly Dictionary<string, (SimProcess Process, WorkItem Item)> _held = [];
    private readonly HashSet<string> _put = [];
    private readonly HashSet<string> _perhapsPut = [];
    private readonly HashSet<string> _done = [];
    private readonly HashSet<string> _perhapsDone = [];
    private readonly Turns _turns = new();
    private int _next;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var options = new WorkQueueOptions { MaxItems = 12, Identity = $"{process.Number}" };
        var queue = new WorkQueue(process.Client, "/queue", options);
        while (!stop.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(simulation.Between(50, 20_000)), process);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
            try
            {
                if (simulation.Chance(0.5))
                    await PutAsync(queue, process, either.Token).ConfigureAwait(false);
                else
                    await WorkAsync(queue, process, either.Token, stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
            {
                simulation.Say($"process {process.Number}: {e.Message}");
            }
        }
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.IsAnybodys ? [] : ["nobody is handed an item"];

    public void Verify(FinalTree tree)
    {
        simulation.Say($"put in {_put.Count}, perhaps {_perhapsPut.Count}, done {_done.Count}, perhaps {_perhapsDone.Count}");
        if (_put.Count < 5 || _done.Count < 5)
            simulation.Complain($"{_put.Count} items were put in and {_done.Count} done: that shows nothing");
        foreach (var waiting in ((string[])["taken", "takers", "senders"]).SelectMany(name => tree.Children($"/queue/{name}")))
            simulation.Complain($"{waiting} is left, though nobody works or waits");
        var created = tree.Creations.Count(path => path.StartsWith("/queue/entries/", StringComparison.Ordinal));
        if (created < _put.Count || created > _put.Count + _perhapsPut.Count)
            simulation.Complain($"{_put.Count} items were put in, perhaps {_perhapsPut.Count} more, but {created} were made");

        string[] left = [.. tree.Children("/queue/entries").Select(name => tree.Value($"/queue/entries/{name}")!)];
        if (left.Distinct().Count() != left.Length)
            simulation.Complain($"an item is there twice: {string.Join(", ", left)}");
        foreach (var item in left.Where(item => _done.Contains(item) || !(_put.Contains(item) || _perhapsPut.Contains(item))))
            simulation.Complain($"{item} is left, though it was done or never put in");
        foreach (var item in _put.Where(item => !_done.Contains(item) && !_perhapsDone.Contains(item) && !left.Contains(item)))
            simulation.Complain($"{item} was put in, and is neither done nor left");
    }

    private async Task PutAsync(WorkQueue queue, SimProcess process, CancellationToken cancellation)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"item {_next++}");
        DateTimeOffset? time = simulation.Chance(0.2) ? process.GetUtcNow().AddMilliseconds(simulation.Between(1, 3_000)) : null;
        var options = new EnqueueOptions { Priority = simulation.Random.Next(3), NotBefore = time };
        try
        {
            await queue.EnqueueAsync(Encoding.UTF8.GetBytes(name), options, cancellation).ConfigureAwait(false);
            _put.Add(name);
        }
        catch (Exception e) when (e is OperationCanceledException or ZooKeeperException { Outcome: RequestOutcome.Unknown })
        {
            _perhapsPut.Add(name);
            throw;
        }
    }

    private async Task WorkAsync(WorkQueue queue, SimProcess process, CancellationToken cancellation, CancellationToken stop)
    {
        var item = await queue.TakeAsync(cancellation).ConfigureAwait(false);
        await using var _ = item.ConfigureAwait(false);
        var name = Encoding.UTF8.GetString(item.Data.Span);
        _turns.Add(process);
        if (_held.TryGetValue(name, out var other) && !other.Process.IsPaused && !other.Item.Lost.IsCancellationRequested)
            simulation.Complain($"process {process.Number} has {name} while process {other.Process.Number} counts on it");
        _held[name] = (process, item);
        try
        {
            await process.PauseAsync(simulation.Between(1_000, 1_000_000), stop).ConfigureAwait(false);
        }
        finally
        {
            if (_held.TryGetValue(name, out var held) && held.Item == item)
                _held.Remove(name);
        }

        if (simulation.Chance(0.8))
            await CompleteAsync(item, name, stop).ConfigureAwait(false);
    }

    private async Task CompleteAsync(WorkItem item, string name, CancellationToken stop)
    {
        try
        {
            if (await item.CompleteAsync(stop).ConfigureAwait(false) && !_done.Add(name))
                simulation.Complain($"{name} was completed twice");
        }
        catch (Exception e) when (e is OperationCanceledException or ZooKeeperException { Outcome: RequestOutcome.Unknown })
        {
            _perhapsDone.Add(name);
            throw;
        }
    }
}
