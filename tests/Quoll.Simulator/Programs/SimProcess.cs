using System.Net.Sockets;
using Quoll.Client;
using Quoll.Recipes;

namespace Quoll.Simulator.Programs;

/// <summary>
/// A process that uses the client: its clock and timers, its connections and the places where its callers go on are the simulation's. It
/// may stand still; then nothing of it happens, and all of it at once when it goes on.
/// </summary>
internal sealed class SimProcess : TimeProvider, IInterruptible
{
    private readonly Simulation _simulation;
    private readonly Queue<Action> _waiting = new();
    private readonly List<SimStream> _streams = [];
    private long _pausedUntil;
    private long _clockError;
    private int _framesToLoss;

    public SimProcess(Simulation simulation, int number, TimeSpan timeout)
    {
        (_simulation, Number) = (simulation, number);
        Client = new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = string.Join(',', simulation.Servers.Select(server => $"host{server.Id}")),
            SessionTimeout = timeout,
            TimeProvider = this,
            Connect = ConnectAsync,
            Schedule = item => simulation.After(simulation.Between(0, 20), () => Do(item.Execute)),
            Seed = simulation.Random.Next(),
        });
        _ = TellAsync();
    }

    public int Number { get; }

    public ZooKeeperClient Client { get; }

    public bool IsPaused => _simulation.Now < _pausedUntil || _waiting.Count > 0;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _simulation.Now;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks((_simulation.Now + _clockError) * 10);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Something of this process happens: now, or when it goes on.</summary>
    public void Do(Action what)
    {
        if (IsPaused)
            _waiting.Enqueue(what);
        else
            what();
    }

    /// <summary>The process gets no time.</summary>
    public void Pause(long microseconds)
    {
        _simulation.Say($"process {Number} stands still for {microseconds / 1000} ms");
        _pausedUntil = Math.Max(_pausedUntil, _simulation.Now + microseconds);
        _simulation.After(microseconds, Resume);
    }

    /// <summary>Waits for so many microseconds. A cancelled <see cref="Task.Delay(TimeSpan, TimeProvider)"/> would go on on another
    /// thread.</summary>
    public Task PauseAsync(long microseconds, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromMicroseconds(microseconds), this, CancellationToken.None).WaitAsync(cancellation);

    /// <summary>Its connection breaks, with whatever is under way on it.</summary>
    public void Interrupt()
    {
        foreach (var stream in _streams.ToArray())
            stream.Break();
    }

    /// <summary>Somebody sets its clock; what measures time goes on as before.</summary>
    public void SetClock(long error) => _clockError = error;

    /// <summary>After some more frames have come, the next one is lost, and its connection with it: mostly an answer to what is
    /// done.</summary>
    public void LoseFrame(int after) => _framesToLoss = after + 1;

    /// <summary>A frame has come; true if it is lost.</summary>
    public bool LosesFrame() => _framesToLoss > 0 && --_framesToLoss == 0;

    /// <summary>Does something again and again until it is told to stop, each time for as long as its patience lasts.</summary>
    public async Task RepeatAsync(Func<CancellationToken, Task> once, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(_simulation.Between(50, 20_000)), this);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
            try
            {
                await once(either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ZooKeeperException or LockLostException or OperationCanceledException)
            {
                _simulation.Say($"process {Number}: {e.Message}");
            }
        }
    }

    public void Forget(SimStream stream) => _streams.Remove(stream);

    private async Task TellAsync()
    {
        await foreach (var change in Client.ObserveStateAsync().ConfigureAwait(false))
            _simulation.Say($"process {Number}: {change.State}, session {change.Session}, server {change.Server}. {change.Reason}");
    }

    private void Resume()
    {
        while (_simulation.Now >= _pausedUntil && _waiting.TryDequeue(out var what))
            what();
    }

    private async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var arrived = new TaskCompletionSource();
        using var registration = cancellation.UnsafeRegister(_ => arrived.TrySetCanceled(cancellation), null);
        _simulation.After(_simulation.Between(100, 1_500), () => Do(() => arrived.TrySetResult()));
        await arrived.Task.ConfigureAwait(false);
        var server = _simulation.Servers.Single(server => $"host{server.Id}" == host);
        if (server.Peer is null)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var stream = new SimStream(_simulation, server, this);
        _streams.Add(stream);
        return stream;
    }

    private sealed class SimTimer(SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        private int _setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var setting = ++_setting;
            if (dueTime == Timeout.InfiniteTimeSpan)
                return true;
            process._simulation.After((long)dueTime.TotalMicroseconds, () => process.Do(() =>
            {
                if (setting != _setting)
                    return;
                if (period > TimeSpan.Zero)
                    Change(period, period);
                callback(state);
            }));
            return true;
        }

        public void Dispose() => _setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
