using System.Globalization;
using System.Text;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Each process keeps a znode of its own, and one that all want; its data changes, and others set and delete it under its owner. With
/// nothing in the way each own znode is there, with the data that was given last; the common one is one process's, and the others know it;
/// when all have stopped none is left.
/// </summary>
internal sealed class RegistrationProgram(Simulation simulation) : IProgram
{
    private const string Common = "/kept/common";
    private readonly Dictionary<SimProcess, Kept> _kept = [];
    private int _next;
    private int _harmed;
    private int _updated;
    private bool _isQuiet;

    public Task RunAsync(SimProcess process, CancellationToken stop) =>
        process.RepeatAsync(token => KeepAsync(process, token, stop), stop);

    public void OnQuiet() => _isQuiet = true;

    public IEnumerable<string> Unsettled()
    {
        var tree = new FinalTree(simulation);
        foreach (var (process, kept) in _kept)
        {
            var (path, session) = (PathOf(process), process.Client.Session?.Id);
            if (tree.Value(path) != kept.Data || tree.Owner(path) != session || kept.Own.State != RegistrationState.Registered)
            {
                yield return $"{path} is {kept.Own.State}: {tree.Value(path)} of 0x{tree.Owner(path):x}, "
                    + $"and not {kept.Data} of 0x{session:x}";
            }

            var expected = tree.Owner(Common) == session ? RegistrationState.Registered : RegistrationState.Taken;
            if (kept.Common.State != expected)
                yield return $"the common znode is {kept.Common.State} for process {process.Number}, and not {expected}";
        }
    }

    public void Verify(FinalTree tree)
    {
        simulation.Say($"given other data {_updated} times, harmed {_harmed} times");
        if (_updated < 10 || _harmed < 10)
            simulation.Complain($"data was given {_updated} times, and harmed {_harmed} times: that shows nothing");
        foreach (var left in tree.Children("/kept"))
            simulation.Complain($"{left} is left, though nobody keeps it");
    }

    private static string PathOf(SimProcess process) => $"/kept/{process.Number}";

    private async Task KeepAsync(SimProcess process, CancellationToken token, CancellationToken stop)
    {
        var data = NewData(process);
        var own = new EphemeralRegistration(process.Client, PathOf(process), Encoding.UTF8.GetBytes(data));
        await using var endOwn = own.ConfigureAwait(false);
        var common = new EphemeralRegistration(process.Client, Common, Encoding.UTF8.GetBytes($"{process.Number}"));
        await using var endCommon = common.ConfigureAwait(false);
        _kept[process] = new Kept(own, common, data);
        while (!_isQuiet)
        {
            await process.PauseAsync(simulation.Between(1_000, 500_000), token).ConfigureAwait(false);
            if (simulation.Chance(0.5))
                await UpdateAsync(process, _kept[process], token).ConfigureAwait(false);
            else
                await HarmAsync(process, token).ConfigureAwait(false);
        }

        await process.PauseAsync(86_400_000_000, stop).ConfigureAwait(false);
    }

    private async Task UpdateAsync(SimProcess process, Kept kept, CancellationToken token)
    {
        var data = NewData(process);
        _kept[process] = kept with { Data = data };
        await kept.Own.UpdateAsync(Encoding.UTF8.GetBytes(data), token).ConfigureAwait(false);
        _updated++;
    }

    private async Task HarmAsync(SimProcess process, CancellationToken token)
    {
        var path = simulation.Chance(0.3) ? Common : $"/kept/{simulation.Random.Next(ProgramRun.Processes)}";
        try
        {
            if (simulation.Chance(0.5))
                await process.Client.TryDeleteAsync(path, -1, token).ConfigureAwait(false);
            else
                await process.Client.SetAsync(path, "harm"u8.ToArray(), -1, token).ConfigureAwait(false);
            _harmed++;
        }
        catch (ZooKeeperException e)
        {
            simulation.Say($"process {process.Number}: {e.Message}");
        }
    }

    private string NewData(SimProcess process) => string.Create(CultureInfo.InvariantCulture, $"{process.Number}.{_next++}");

    private sealed record Kept(EphemeralRegistration Own, EphemeralRegistration Common, string Data);
}
