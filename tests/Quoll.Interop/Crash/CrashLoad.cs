using Quoll.Interop.Servers;

namespace Quoll.Interop.Crash;

/// <summary>Several loaders at once, on a server that will die under them.</summary>
internal sealed class CrashLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _server;
    private readonly Ledger _ledger;
    private readonly List<RawSession> _sessions = [];
    private readonly List<Task> _loads = [];

    private CrashLoad(ServerProcess server, Ledger ledger)
    {
        _server = server;
        _ledger = ledger;
    }

    /// <summary>Makes what the loaders write below.</summary>
    public static async Task PrepareAsync(ServerProcess server, Ledger ledger, int loaders)
    {
        using var session = await RawSession.OpenAsync(server.Port);
        string[] parents = ["/crash", Loader.Singles, Loader.Sequential, Loader.Pairs, Loader.Ephemerals];
        foreach (var path in parents.Concat(Enumerable.Range(0, loaders).Select(Loader.CounterPath)))
        {
            var reply = await session.CreateAsync(path, "0");
            Assert.Equal(0, reply.Error);
            ledger.NoteCreated(path, reply.Zxid);
        }
    }

    public static async Task<CrashLoad> BeginAsync(ServerProcess server, Ledger ledger, int loaders, string round)
    {
        var load = new CrashLoad(server, ledger);
        try
        {
            for (var number = 0; number < loaders; number++)
                await load.AddAsync(number, $"{round}-{number}");
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns once so many more writes were acknowledged.</summary>
    public Task UntilAcknowledgedAsync(int count)
    {
        // A loader that has ended while the server lived has found something wrong; awaiting it tells what.
        var enough = _ledger.Acknowledged + count;
        return Deadline.UntilAsync(
            Patience, "enough acknowledged writes",
            () => Task.FromResult(_ledger.Acknowledged >= enough || _loads.Exists(load => load.IsCompleted)), () => _server.Output);
    }

    /// <summary>Waits for the loaders, whose server is gone; what one of them found wrong is thrown.</summary>
    public Task EndAsync() => Task.WhenAll(_loads).WaitAsync(Patience, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _sessions.ForEach(session => session.Dispose());
        return ValueTask.CompletedTask;
    }

    private async Task AddAsync(int number, string name)
    {
        var session = await RawSession.OpenAsync(_server.Port);
        _sessions.Add(session);
        var counter = Loader.CounterPath(number);
        var counted = (await session.GetAsync(counter))!.Version;
        await StayAsync(session, $"{Loader.Ephemerals}/stays-{name}");
        var loader = new Loader(_server.Port, session, _ledger, name, counted);
        _loads.Add(Task.Run(() => loader.RunAsync(counter)));
    }

    // The session outlives the crash, and so must this.
    private async Task StayAsync(RawSession session, string path)
    {
        var reply = await session.CreateAsync(path, path, flags: 1);
        Assert.Equal(0, reply.Error);
        _ledger.NoteEphemeral(path, session, reply.Zxid);
    }
}
