using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>Clients of an ensemble that write, count, watch and move, whatever becomes of its servers; and what they were told.</summary>
internal sealed class RoamingLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly EnsembleRun _ensemble;
    private readonly List<Roamer> _roamers;
    private readonly List<Task> _tasks;
    private readonly CancellationTokenSource _stop = new();

    private RoamingLoad(EnsembleRun ensemble, Ledger ledger, int clients, int seed)
    {
        _ensemble = ensemble;
        Ledger = ledger;
        var numbers = Enumerable.Range(0, clients);
        _roamers = [.. numbers.Select(number => new Roamer(ensemble.Servers, ledger, number, new Random(seed + number)))];
        _tasks = _roamers.ConvertAll(roamer => Task.Run(() => roamer.RunAsync(_stop.Token)));
    }

    public Ledger Ledger { get; }

    public string Summary =>
        $"{Ledger.Acknowledged} writes acknowledged, {_roamers.Sum(roamer => roamer.Moves)} times a session was taken to another server, "
        + $"{_roamers.Sum(roamer => roamer.Expired)} sessions expired, {_roamers.Sum(roamer => roamer.Events)} events";

    public static async Task<RoamingLoad> BeginAsync(EnsembleRun ensemble, int clients, int seed = 1)
    {
        var ledger = new Ledger();
        await CrashLoad.PrepareAsync(await ensemble.LeaderAsync(), ledger, clients);
        return new RoamingLoad(ensemble, ledger, clients, seed);
    }

    /// <summary>Waits for so many more acknowledged writes. A client that has ended has found something wrong: that is told.</summary>
    public async Task UntilAcknowledgedAsync(int count)
    {
        var enough = Ledger.Acknowledged + count;
        await Deadline.UntilAsync(
            Patience, "enough acknowledged writes",
            () => Task.FromResult(Ledger.Acknowledged >= enough || _tasks.Exists(task => task.IsCompleted)), () => _ensemble.Output);
        foreach (var ended in _tasks.Where(task => task.IsCompleted))
            await ended;
    }

    /// <summary>Ends the load, and compares all that its clients were told with what is there, on each server.</summary>
    public async Task FinishAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _ensemble.AgreeAsync();
        await Task.WhenAll(_roamers.Select(roamer => roamer.FinishAsync()));
        foreach (var server in _ensemble.Servers)
        {
            using var session = await RawSession.OpenAsync(server.EndPoint);
            Assert.Equal(0, (await session.SyncAsync()).Error);

            // Of the sessions whose end nobody was told, too.
            await Deadline.UntilAsync(
                Patience, "all ephemerals are gone, as their sessions",
                async () => (await session.ChildrenAsync(Loader.Ephemerals)).Length == 0, () => _ensemble.Output);
            await CrashAudit.RunAsync(server.EndPoint, session, Ledger);
        }

        await _ensemble.AssertAllTheSameAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(Summary);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }
}
