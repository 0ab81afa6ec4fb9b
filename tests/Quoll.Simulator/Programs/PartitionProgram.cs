using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes share partitions out among themselves, give some back, leave and come again. No partition is counted on by two, and each owner
/// has a larger token than those before; with nothing in the way all are owned, evenly spread; when all have stopped no member is left.
/// </summary>
internal sealed class PartitionProgram(Simulation simulation) : IProgram
{
    private const int Partitions = 10;
    private readonly Holders[] _holders =
        [.. Enumerable.Range(0, Partitions).Select(number => new Holders(simulation, $"partition {number}"))];

    private readonly long[] _tokens = new long[Partitions];
    private int _taken;
    private bool _isQuiet;

    public Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var group = new PartitionGroup(process.Client, "/parts", Partitions);
        return process.RepeatAsync(token => StayAsync(process, group, _isQuiet ? stop : token), stop);
    }

    public void Look() => Array.ForEach(_holders, holders => holders.Check());

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        SimProcess[] owners = [.. _holders.SelectMany(holders => holders.Counting)];
        if (owners.Length != Partitions)
            yield return $"{owners.Length} partitions are owned";
        for (var number = 0; number < ProgramRun.Processes; number++)
        {
            if (owners.Count(owner => owner.Number == number) is var count && count is < Partitions / 4 or > (Partitions / 4) + 1)
                yield return $"process {number} owns {count} partitions";
        }
    }

    public void Verify(FinalTree tree)
    {
        simulation.Say($"taken {_taken} times");
        if (_taken < 2 * Partitions)
            simulation.Complain($"partitions were taken {_taken} times: that shows nothing");
        foreach (var left in tree.Children("/parts/members"))
            simulation.Complain($"{left} is left, though nobody is in the group");
    }

    private async Task StayAsync(SimProcess process, PartitionGroup group, CancellationToken token)
    {
        var member = await group.JoinAsync($"{process.Number}", token).ConfigureAwait(false);
        var held = new List<Task>();
        await using (member.ConfigureAwait(false))
        {
            try
            {
                await foreach (var lease in member.TakeAsync(token).ConfigureAwait(false))
                    held.Add(HoldAsync(process, lease));
            }
            catch (OperationCanceledException)
            {
                simulation.Say($"process {process.Number} leaves the group");
            }
        }

        // They are lost with the membership.
        foreach (var task in held)
            await task.ConfigureAwait(false);
    }

    private async Task HoldAsync(SimProcess process, PartitionLease lease)
    {
        await using var _ = lease.ConfigureAwait(false);
        var (partition, holders) = (lease.Partition, _holders[lease.Partition]);
        _taken++;
        simulation.Say($"process {process.Number} has partition {partition} by {lease.FencingToken:x}, session {lease.Session}");

        // A process that stood still may be told last what it had long before, and know that it is lost.
        if (!lease.IsLost && lease.FencingToken <= _tokens[partition])
            simulation.Complain($"partition {partition} has the token {lease.FencingToken:x} after {_tokens[partition]:x}");
        _tokens[partition] = Math.Max(_tokens[partition], lease.FencingToken);
        holders.Add(process, lease, () => lease.IsLost);
        try
        {
            // Given back when it is revoked, or for no reason; what is begun is ended first.
            await process.PauseAsync(simulation.Between(1_000_000, 60_000_000), lease.Revoked).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await process.PauseAsync(simulation.Between(0, 300_000), lease.Lost).ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
        }
        finally
        {
            holders.Remove(lease);
        }
    }
}
