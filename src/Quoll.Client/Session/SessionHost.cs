using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Quoll.Client.Requests;
using Quoll.Protocol;

namespace Quoll.Client.Session;

/// <summary>
/// What a session's machine lacks: a lock, a clock with one timer, a connection, and the places where callers go on. Everything happens
/// under the one lock, which is held for as long as a frame takes and never while a caller runs.
/// </summary>
internal sealed class SessionHost
{
    private static readonly Action<IThreadPoolWorkItem> OnThreadPool = item => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new();
    private readonly SessionMachine _machine;
    private readonly ITimer _timer;
    private readonly ILogger _logger;
    private readonly AnswerRoom _room;
    private readonly long _start;
    private readonly List<EventBuffer<StateChange>> _observers = [];
    private readonly TaskCompletionSource _closed = new();
    private Connection? _connection;
    private ZooKeeperSession? _session;
    private TimeSpan _armed = TimeSpan.MaxValue;
    private int _closing;

    public SessionHost(ZooKeeperClientOptions options)
    {
        Options = options;
        var servers = options.ParseServers();
        Root = servers.Root;
        Schedule = options.Schedule ?? OnThreadPool;
        _room = new AnswerRoom(Schedule);
        _logger = (ILogger?)options.LoggerFactory?.CreateLogger<ZooKeeperClient>() ?? NullLogger.Instance;
        _start = options.TimeProvider.GetTimestamp();
        _machine = new SessionMachine(options, servers, options.Seed is { } seed ? new Random(seed) : Random.Shared, _start);
        Latest = new StateChange(ConnectionState.Connecting, null, null, null);
        _timer = options.TimeProvider.CreateTimer(
            static host => ((SessionHost)host!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Telemetry.Add(this);
        OnTimer();
    }

    public ZooKeeperClientOptions Options { get; }

    /// <summary>What the connection string says that all paths are below.</summary>
    public string Root { get; }

    public Action<IThreadPoolWorkItem> Schedule { get; }

    public ZooKeeperSession? Session => Volatile.Read(ref _session);

    public StateChange Latest { get; private set; }

    /// <summary>The last attempt to connect that came to nothing, in words.</summary>
    public string? LastAttempt { get; private set; }

    public int PendingRequests => _machine.Pending;

    public int ActiveWatches => _machine.Watches.Count;

    private TimeSpan Now => Options.TimeProvider.GetElapsedTime(_start);

    /// <summary>Whoever held something by his session must learn that it may be over before he learns anything else.</summary>
    public void BeforeCallersGoOn() => Session?.CheckLease();

    public void Submit(Request request, CancellationToken cancellation)
    {
        request.Host = this;
        Telemetry.OnBegin(request);
        request.WatchFor(cancellation);
        lock (_gate)
        {
            _machine.Now = Now;
            if (!request.IsDone)
                _machine.Submit(request);
            Dispatch();
        }
    }

    public void Cancel(Request request, CancellationToken token)
    {
        lock (_gate)
        {
            _machine.Cancel(request, token);
            Dispatch();
        }
    }

    /// <summary>A stream of events begins: it is set again on every connection from now on.</summary>
    public void Subscribe(WatchSubscription subscription)
    {
        lock (_gate)
            _machine.Watches.Add(subscription);
    }

    public void Unsubscribe(WatchSubscription subscription)
    {
        lock (_gate)
        {
            Forget(subscription.FullPath, _machine.Watches.Remove(subscription));
            if (subscription.End() is { } reader)
                Schedule(reader);
        }
    }

    public void Unwatch(Watch watch)
    {
        lock (_gate)
            Forget(watch.FullPath, _machine.Watches.Remove(watch));
    }

    public void SetServers(ServerAddresses servers)
    {
        if (servers.Root != Root)
            throw new ArgumentException($"Paths of this client are below '{Root}', which does not change, but '{servers.Root}' was given.");
        lock (_gate)
        {
            _machine.Now = Now;
            _machine.SetServers(servers.Servers);
            Dispatch();
        }
    }

    public EventBuffer<StateChange> Observe()
    {
        var observer = new EventBuffer<StateChange>(16, changes => changes.Dequeue(), this);
        lock (_gate)
        {
            observer.Offer(Latest);
            if (Latest.State is ConnectionState.Closed or ConnectionState.AuthenticationFailed)
                observer.End();
            else
                _observers.Add(observer);
        }

        return observer;
    }

    public void EndObserving(EventBuffer<StateChange> observer)
    {
        lock (_gate)
            _observers.Remove(observer);
    }

    public void OnOpened(Connection connection)
    {
        lock (_gate)
        {
            _machine.Now = Now;
            _machine.OnOpened(connection.Number);
            Dispatch();
        }
    }

    /// <summary>Lets everybody else have the thread who waits for one.</summary>
    public Task YieldAsync()
    {
        var turn = new Turn();
        Schedule(turn);
        return turn.Task;
    }

    /// <summary>Done when callers have taken so much of what was read that more may be.</summary>
    public Task UntilRoomAsync() => _room.WaitAsync();

    /// <summary>The caller of an answer goes on.</summary>
    public void OnTaken(int length)
    {
        if (length > 0)
            _room.GiveBack(length);
    }

    /// <summary>Gives the machine all whole frames; how many bytes they were, or -1 if what comes is no frame.</summary>
    public int OnReceived(Connection connection, ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        lock (_gate)
        {
            _machine.Now = Now;
            while (bytes.Length - taken >= 4)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(bytes[taken..]);
                if ((uint)length > (uint)Options.MaxResponse)
                    return -1;
                if (bytes.Length - taken - 4 < length)
                    break;
                _machine.OnFrame(connection.Number, bytes.Slice(taken + 4, length));
                taken += 4 + length;
            }

            Dispatch();
        }

        return taken;
    }

    public void OnClosed(Connection connection, string why)
    {
        lock (_gate)
        {
            _machine.Now = Now;
            _machine.OnClosed(connection.Number, why);
            Dispatch();
        }
    }

    public void OnReadWriteServer(ServerAddress server)
    {
        lock (_gate)
        {
            _machine.Now = Now;
            _machine.OnReadWriteServer(server);
            Dispatch();
        }
    }

    /// <summary>What is to be sent; null if there is nothing, and then the next bytes begin a new sender.</summary>
    public ArrayBufferWriter<byte>? TakeOutput(Connection connection)
    {
        lock (_gate)
        {
            var output = _machine.Effects.Output;
            connection.IsSending = connection == _connection && output.WrittenCount > 0;
            if (!connection.IsSending)
                return null;
            _machine.Effects.Output = connection.Spare ?? new ArrayBufferWriter<byte>();
            connection.Spare = null;
            _machine.Now = Now;
            _machine.Pump();
            return output;
        }
    }

    /// <summary>Says farewell if there is a server, and ends everything. Done within a bounded time whatever servers do.</summary>
    public async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            await SayFarewellAsync().ConfigureAwait(false);
            lock (_gate)
            {
                _machine.Now = Now;
                _machine.End(ConnectionState.Closed, ErrorCode.SessionExpired, "the client was closed");
                Dispatch();
            }

            Telemetry.Remove(this);
            await _timer.DisposeAsync().ConfigureAwait(false);
            _closed.SetResult();
        }

        await _closed.Task.ConfigureAwait(false);
    }

    private async ValueTask SayFarewellAsync()
    {
        using var patience = new CancellationTokenSource(FarewellPatience, Options.TimeProvider);
        var farewell = new CloseRequest { Host = this };
        farewell.WatchFor(patience.Token);
        lock (_gate)
        {
            _machine.Now = Now;
            if (!_machine.Close(farewell))
                return;
            Dispatch();
        }

        try
        {
            await farewell.Done.ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
        {
            // The server ends the session when it hears nothing more of it.
            _logger.FarewellLost(e.Message);
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _armed = TimeSpan.MaxValue;
            _machine.Now = Now;
            _machine.Advance();
            Dispatch();
            Arm();
        }
    }

    // Of the times for which the machine waits, all but those of new requests move only further away while nothing but frames come.
    private void ArmForRequests()
    {
        if (_armed > _machine.Now + Options.RequestTimeout)
            Arm();
    }

    private void Arm()
    {
        var next = _machine.WakeAt;
        if (next >= _armed || next == TimeSpan.MaxValue)
            return;
        _armed = next;
        var wait = next - Now;
        _timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Forget(string path, WatcherType? type)
    {
        if (type is not { } kind || Session is null)
            return;
        _machine.Now = Now;
        _machine.Submit(new RemoveWatchesRequest(path, kind) { Host = this, Tolerated = ErrorCode.NoWatcher });
        Dispatch();
    }

    private void Dispatch()
    {
        var effects = _machine.Effects;
        var isTurn = effects.Drop || effects.Dial is not null || effects.Changes.Count > 0;
        if (isTurn)
            Volatile.Write(ref _session, _machine.Session);
        if (effects.Drop)
        {
            _connection?.Abort();
            _connection = null;
        }

        if (effects.Dial is { } server)
        {
            _connection = new Connection(this, _machine.Connection, server);
            Schedule(_connection.Opening);
        }

        if (effects.Probe is { } candidate)
            Schedule(new ReadWriteProbe(this, candidate));
        (effects.Drop, effects.Dial, effects.Probe) = (false, null, null);
        foreach (var item in effects.Work)
        {
            if (item is Request { AnswerLength: > 0 and var length })
                _room.Take(length);
            Schedule(item);
        }

        effects.Work.Clear();
        foreach (var (tried, why) in effects.Attempts)
            OnAttemptFailed(tried, why);
        effects.Attempts.Clear();
        foreach (var change in effects.Changes)
            Tell(change);
        effects.Changes.Clear();
        if (_connection is { IsSending: false } connection && effects.Output.WrittenCount > 0)
        {
            connection.IsSending = true;
            Schedule(connection.Sending);
        }

        if (isTurn)
            Arm();
        else
            ArmForRequests();
    }

    private void OnAttemptFailed(ServerAddress server, string why)
    {
        LastAttempt = $"{server}: {why}";
        _logger.AttemptFailed(server, why);
    }

    private void Tell(StateChange change)
    {
        Latest = change;
        _logger.Changed(change.State, change.Session?.ToString() ?? "none", change.Server ?? "none", change.Reason ?? "");
        Telemetry.OnChange(change);
        var isLast = change.State is ConnectionState.Closed or ConnectionState.AuthenticationFailed;
        foreach (var observer in _observers)
        {
            if ((observer.Offer(change), isLast ? observer.End() : null) is var (first, second) && (first ?? second) is { } reader)
                Schedule(reader);
        }
    }
}
