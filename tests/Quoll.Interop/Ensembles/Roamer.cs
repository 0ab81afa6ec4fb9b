using System.Globalization;
using Quoll.Interop.Crash;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Ensembles;

/// <summary>A client of an ensemble: where its server is gone or silent, it takes its session to another one, and writes on.</summary>
internal sealed class Roamer(IReadOnlyList<ServerProcess> servers, Ledger ledger, int number, Random random)
{
    private const int NodeExists = -110;
    private const int Attempts = 200;
    private static readonly SessionPatience Patience = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5));
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string _counter = Loader.CounterPath(number);
    private int _at = number % servers.Count;
    private RawSession? _session;
    private string _ephemeral = "";
    private bool _ephemeralIsKnown;
    private int _connections;

    /// <summary>How often it has come back to its session.</summary>
    public int Moves { get; private set; }

    public int Expired { get; private set; }

    /// <summary>Events of watches, of the sessions that are over.</summary>
    public int Events { get; private set; }

    /// <summary>Ends when it is told to; any other end is a failure.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await ConnectAsync())
                    await LoadAsync(stop);
            }
            catch (IOException)
            {
                // Elsewhere, then.
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    /// <summary>All servers serve: what is the session's is there, and goes with it.</summary>
    public async Task FinishAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (_session is null || !await ConnectAsync())
                    return;
                Done(await _session.SyncAsync());
                if (_ephemeralIsKnown)
                    Assert.True(await _session.GetAsync(_ephemeral) is not null, $"{_ephemeral} is gone, and its session lives");
                Close(await _session.CloseAsync());
                return;
            }
            catch (IOException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    // True with a connection, whether the session is that of before or new.
    private async Task<bool> ConnectAsync()
    {
        var server = servers[_at];
        _at = (_at + 1 + random.Next(servers.Count - 1)) % servers.Count;
        if (_session is not { } before)
        {
            _session = await RawSession.OpenAsync(server.EndPoint, Patience);
            _ephemeral = string.Create(CultureInfo.InvariantCulture, $"{Loader.Ephemerals}/stays-{number}-{_session.Id:x}");
            return true;
        }

        before.Dispose();
        try
        {
            _session = await RawSession.ResumeAsync(server.EndPoint, before, Patience);
            Moves++;
            await _session.WatchAgainAsync();
            return true;
        }
        catch (UnknownSessionException)
        {
            ledger.NoteExpired(_ephemeral);
            Expired++;
            Events += before.Order.Events;
            (_session, _ephemeralIsKnown) = (null, false);
            return false;
        }
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        if (!_ephemeralIsKnown)
            await StayAsync();
        Done(await _session!.SyncAsync());
        var state = (await _session.GetAsync(_counter))!;
        ledger.NoteRead(_counter, state);
        var name = $"{number}-{++_connections}";
        var task = new LoaderTask(name, _counter, state.Version, Loader.Shared);
        await new Loader(_session.At, _session, ledger, task, Patience).RunAsync(stop);
        if (!stop.IsCancellationRequested)
            throw new IOException("the connection broke");
    }

    // Whether an attempt before this one has made it is not known.
    private async Task StayAsync()
    {
        var reply = await _session!.CreateAsync(_ephemeral, _ephemeral, flags: 1);
        RawSession.ThrowIfGone(reply);
        Assert.True(reply.Error is 0 or NodeExists, $"{_ephemeral}: error {reply.Error}");
        var zxid = reply.Error == 0 ? reply.Zxid : (await _session.GetAsync(_ephemeral))!.CreatedAt;
        ledger.NoteEphemeral(_ephemeral, _session, zxid);
        _ephemeralIsKnown = true;
    }

    private void Close(Reply closed)
    {
        Done(closed);
        Events += _session!.Order.Events;
        _session.Dispose();
        _session = null;
        ledger.NoteExpired(_ephemeral);
    }

    private static void Done(Reply reply)
    {
        RawSession.ThrowIfGone(reply);
        Assert.Equal(0, reply.Error);
    }
}
