using Quoll.Interop.Servers;

namespace Quoll.Interop.Crash;

/// <summary>Several loaders at once, on servers that will die under them.</summary>
internal sealed class CrashLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IReadOnlyList<ServerProcess> _servers;
    private readonly Ledger _ledger;
    private readonly List<RawSession> _sessions = [];
    private readonly List<Task> _loads = [];

    private CrashLoad(IReadOnlyList<ServerProcess> servers, Ledger ledger)
    {
        _servers = servers;
        _ledger = ledger;
    }

    /// <summary>Makes what the loaders write below.</summary>
    public static async Task PrepareAsync(ServerProcess server, Ledger ledger, int loaders)
    {
        using var session = await RawSession.OpenAsync(server.EndPoint);
        string[] parents = ["/crash", Loader.Singles, Loader.Sequential, Loader.Pairs, Loader.Ephemerals, Loader.Shared];
        foreach (var path in parents.Concat(Enumerable.Range(0, loaders).Select(Loader.CounterPath)))
        {
            var reply = await session.CreateAsync(path, "0");
            Assert.Equal(0, reply.Error);
            ledger.NoteCreated(path, reply.Zxid);
        }
    }

    /// <summary>Begins to write to each of the servers in turn.</summary>
    public static async Task<CrashLoad> BeginAsync(IReadOnlyList<ServerProcess> servers, Ledger ledger, int loaders, string round)
    {
        var load = new CrashLoad(servers, ledger);
        try
        {
            for (var number = 0; number < loaders; number++)
                await load.AddPatientlyAsync(number, $"{round}-{number}");
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
            () => Task.FromResult(_ledger.Acknowledged >= enough || _loads.Exists(load => load.IsCompleted)), Explain);
    }

    /// <summary>Waits for more acknowledged writes, of those loaders whose server still lives; the others have ended.</summary>
    public Task UntilSurvivorsAcknowledgedAsync(int count)
    {
        var enough = _ledger.Acknowledged + count;
        return Deadline.UntilAsync(
            Patience, "enough acknowledged writes of the survivors",
            () => Task.FromResult(_ledger.Acknowledged >= enough || _loads.TrueForAll(load => load.IsCompleted)), Explain);
    }

    /// <summary>Ends all connections, and with them the loaders; what one of them found wrong is thrown.</summary>
    public Task CutAsync()
    {
        _sessions.ForEach(session => session.Dispose());
        return EndAsync();
    }

    /// <summary>Waits for the loaders, whose server is gone; what one of them found wrong is thrown.</summary>
    public Task EndAsync() => Task.WhenAll(_loads).WaitAsync(Patience, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _sessions.ForEach(session => session.Dispose());
        return ValueTask.CompletedTask;
    }

    // An Apache server that has only just come back may end a connection that was made too early; what was sent on it may have happened.
    private async Task AddPatientlyAsync(int number, string name)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await AddAsync(number, $"{name}-{attempt}");
                return;
            }
            catch (IOException) when (attempt < 2)
            {
                // Again, on another connection and under another name.
            }
        }
    }

    private async Task AddAsync(int number, string name)
    {
        var at = _servers[number % _servers.Count].EndPoint;
        var session = await RawSession.OpenAsync(at);
        _sessions.Add(session);
        Assert.Equal(0, (await session.SyncAsync()).Error);
        var counter = Loader.CounterPath(number);
        var counted = (await session.GetAsync(counter))!.Version;
        await StayAsync(session, $"{Loader.Ephemerals}/stays-{name}");
        var loader = new Loader(at, session, _ledger, new LoaderTask(name, counter, counted));
        _loads.Add(Task.Run(() => loader.RunAsync()));
    }

    private string Explain() => string.Join('\n', _servers.Select(server => server.Output));

    // The session outlives the crash, and so must this.
    private async Task StayAsync(RawSession session, string path)
    {
        var reply = await session.CreateAsync(path, path, flags: 1);
        Assert.Equal(0, reply.Error);
        _ledger.NoteEphemeral(path, session, reply.Zxid);
    }
}
