using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes change one value, each change built upon the one that it saw. No change is lost under another, none is made twice, and none
/// that was said not to be; who observes the value sees it go forward only, and in the end the last.
/// </summary>
internal sealed class ValueProgram(Simulation simulation) : IProgram
{
    private readonly HashSet<string> _made = [];
    private readonly HashSet<string> _perhapsMade = [];
    private readonly Dictionary<int, Znode> _seen = [];
    private int _next;
    private bool _isQuiet;

    public async Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var value = new SharedValue(process.Client, "/value", "first"u8.ToArray());
        var observing = ObserveAsync(process, value, stop);
        await process.RepeatAsync(token => ChangeAsync(process, value, token), stop).ConfigureAwait(false);
        await observing.ConfigureAwait(false);
    }

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        var last = new FinalTree(simulation).Value("/value");
        return Enumerable.Range(0, ProgramRun.Processes)
            .Where(number => !_seen.TryGetValue(number, out var seen) || Encoding.UTF8.GetString(seen.Data) != last)
            .Select(number => $"process {number} does not see that the value is {last}");
    }

    public void Verify(FinalTree tree)
    {
        var history = tree.History("/value");
        simulation.Say($"made {_made.Count}, perhaps {_perhapsMade.Count}, set {history.Count} times");
        if (_made.Count < 20)
            simulation.Complain($"{_made.Count} changes were made: that shows nothing");
        var last = "first";
        foreach (var value in history)
        {
            if (value[(value.IndexOf('<', StringComparison.Ordinal) + 1)..] != last)
                simulation.Complain($"the value becomes {value} while it is {last}: a change is lost");
            last = Head(value);
        }

        string[] heads = [.. history.Select(Head)];
        if (heads.Distinct().Count() != heads.Length)
            simulation.Complain("a change was made twice");
        foreach (var change in _made.Except(heads))
            simulation.Complain($"{change} was said to be made, and was not");
        foreach (var change in heads.Where(head => !_made.Contains(head) && !_perhapsMade.Contains(head)))
            simulation.Complain($"{change} was made, though that was denied");
    }

    private static string Head(string value) =>
        value.IndexOf('<', StringComparison.Ordinal) is >= 0 and var end ? value[..end] : value;

    private async Task ChangeAsync(SimProcess process, SharedValue value, CancellationToken token)
    {
        await process.PauseAsync(simulation.Between(100, 400_000), token).ConfigureAwait(false);
        if (_isQuiet)
            return;
        var change = string.Create(CultureInfo.InvariantCulture, $"{process.Number}.{_next++}");
        try
        {
            if (await MakeAsync(value, change, token).ConfigureAwait(false))
                _made.Add(change);
        }
        catch (Exception e) when (e is OperationCanceledException or ZooKeeperException { Outcome: RequestOutcome.Unknown })
        {
            _perhapsMade.Add(change);
            throw;
        }
    }

    private async Task<bool> MakeAsync(SharedValue value, string change, CancellationToken token)
    {
        if (simulation.Chance(0.7))
        {
            await value.UpdateAsync(Next, token).ConfigureAwait(false);
            return true;
        }

        var before = await value.GetAsync(token).ConfigureAwait(false);
        return await value.TrySetAsync(Next(before.Data), before.Stat.Version, token).ConfigureAwait(false);

        ReadOnlyMemory<byte> Next(ReadOnlyMemory<byte> old) =>
            Encoding.UTF8.GetBytes($"{change}<{Head(Encoding.UTF8.GetString(old.Span))}");
    }

    private async Task ObserveAsync(SimProcess process, SharedValue value, CancellationToken stop)
    {
        await foreach (var znode in value.ObserveAsync(stop).ConfigureAwait(false))
        {
            if (_seen.TryGetValue(process.Number, out var before) && before.Stat.Mzxid >= znode.Stat.Mzxid)
                simulation.Complain($"process {process.Number} sees 0x{znode.Stat.Mzxid:x} after 0x{before.Stat.Mzxid:x}");
            _seen[process.Number] = znode;
            await process.PauseAsync(simulation.Between(1, 50_000), stop).ConfigureAwait(false);
        }
    }
}
