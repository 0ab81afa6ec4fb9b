using System.Globalization;
using System.Text;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// Processes read and write a znode under a lock of readers and writers. Nobody has it beside a writer; what a reader reads does not
/// change while he counts on the lock; fenced writes come in the order of the lock's holders; with nothing in the way all get it, and when
/// all have stopped nothing is left in the queue.
/// </summary>
internal sealed class ReadWriteProgram(Simulation simulation) : IProgram
{
    private readonly Holders _readers = new(simulation, "reading", ProgramRun.Processes);
    private readonly Holders _writers = new(simulation, "writing");
    private readonly Turns _turns = new();
    private int _written;
    private int _shared;

    public Task RunAsync(SimProcess process, CancellationToken stop)
    {
        var both = new ReadWriteLock(process.Client, "/both", new LockOptions { Identity = $"{process.Number}" });
        return process.RepeatAsync(token => OnceAsync(process, both, simulation.Chance(0.3), token), stop);
    }

    public void Look()
    {
        _writers.Check();
        if (_writers.Counting is [var writer, ..] && _readers.Counting is [var reader, ..])
            simulation.Complain($"process {reader.Number} reads beside process {writer.Number}, which writes");
    }

    public void OnQuiet() => _turns.OnQuiet();

    public IEnumerable<string> Unsettled() => _turns.Missing("gets the lock neither for reading nor for writing");

    public void Verify(FinalTree tree)
    {
        simulation.Say($"acquired {_turns.Count} times, shared {_shared} times, written {_written} times");
        if (_written == 0 || _shared == 0)
            simulation.Complain($"the lock was shared {_shared} times, and {_written} times written under it: that shows nothing");
        foreach (var left in tree.Children("/both"))
            simulation.Complain($"{left} is left in the queue, though nobody wants the lock");
        long[] tokens = [.. tree.History("/text").Select(value => long.Parse(value, CultureInfo.InvariantCulture))];
        if (!tokens.SequenceEqual(tokens.Order()))
            simulation.Complain($"writers write in another order than they had the lock: {string.Join(", ", tokens)}");
    }

    private async Task OnceAsync(SimProcess process, ReadWriteLock both, bool writes, CancellationToken token)
    {
        await process.Client.TryCreateAsync("/text", "0"u8.ToArray(), cancellationToken: token).ConfigureAwait(false);
        if (await AcquireAsync(both, writes, token).ConfigureAwait(false) is not { } handle)
        {
            await process.PauseAsync(simulation.Between(1_000, 500_000), token).ConfigureAwait(false);
            return;
        }

        await using var _ = handle.ConfigureAwait(false);
        var holders = writes ? _writers : _readers;
        OnAcquired(process, handle, writes);
        holders.Add(process, handle, () => handle.IsLost);
        Look();
        try
        {
            await (writes ? WriteAsync(process, handle, token) : ReadAsync(process, handle, token)).ConfigureAwait(false);
        }
        finally
        {
            holders.Remove(handle);
        }
    }

    private async Task<LockHandle?> AcquireAsync(ReadWriteLock both, bool writes, CancellationToken token)
    {
        if (simulation.Chance(0.6))
        {
            return writes
                ? await both.AcquireWriteAsync(token).ConfigureAwait(false)
                : await both.AcquireReadAsync(token).ConfigureAwait(false);
        }

        var wait = TimeSpan.FromMilliseconds(simulation.Chance(0.5) ? 0 : simulation.Between(1, 3_000));
        return writes
            ? await both.TryAcquireWriteAsync(wait, token).ConfigureAwait(false)
            : await both.TryAcquireReadAsync(wait, token).ConfigureAwait(false);
    }

    private void OnAcquired(SimProcess process, LockHandle handle, bool writes)
    {
        _turns.Add(process);
        simulation.Say($"process {process.Number} {(writes ? "writes" : "reads")} by {handle.Path}, session {handle.Session}");
        _shared += !writes && _readers.Counting.Count > 0 ? 1 : 0;
    }

    private async Task WriteAsync(SimProcess process, LockHandle handle, CancellationToken token)
    {
        for (var i = simulation.Random.Next(3); i > 0; i--)
        {
            await process.PauseAsync(simulation.Between(1_000, 300_000), token).ConfigureAwait(false);
            var text = handle.FencingToken.ToString(CultureInfo.InvariantCulture);
            await handle.Fenced.SetAsync("/text", Encoding.UTF8.GetBytes(text), cancellationToken: token).ConfigureAwait(false);
            _written++;
        }
    }

    private async Task ReadAsync(SimProcess process, LockHandle handle, CancellationToken token)
    {
        var before = await process.Client.GetAsync("/text", token).ConfigureAwait(false);
        await process.PauseAsync(simulation.Between(1_000, 1_000_000), token).ConfigureAwait(false);
        var after = await process.Client.GetAsync("/text", token).ConfigureAwait(false);
        if (before.Stat.Mzxid != after.Stat.Mzxid && !handle.IsLost)
            simulation.Complain($"process {process.Number} reads 0x{before.Stat.Mzxid:x} and 0x{after.Stat.Mzxid:x} under one lock");
    }
}
