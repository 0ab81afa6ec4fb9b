using Quoll.Core;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Testing.Hosting;

/// <summary>
/// A server as a process that can be started and stopped: the peer that a real server runs, with the real log, snapshots and recovery, on a
/// disk in memory. It does what a host has to do: keeps the lanes in order, and says what is synced when it is. All on the loop.
/// </summary>
internal sealed class ServerProcess
{
    public const string Directory = "/data/version-2";
    private readonly EventLoop _loop;
    private readonly PeerNetwork _network;
    private readonly PeerOptions _options;
    private readonly Action<string> _log;
    private readonly DiskLane _lane;
    private readonly List<ClientConnection> _clients = [];
    private readonly List<IParked> _parked = [];
    private readonly Queue<Action<QuorumPeer>> _waiting = new();
    private bool _frozen;
    private long _lastWallClock;

    public ServerProcess(EventLoop loop, PeerNetwork network, PeerOptions options, Action<string> log)
    {
        _loop = loop;
        _network = network;
        _options = options;
        _log = log;
        _lane = new DiskLane(loop, this);
        Disk.CreateDirectory(Directory);
    }

    public long Id => _options.ServerId;

    /// <summary>Bytes of the longest transaction.</summary>
    public int MaxTxn => _options.MaxTxn;

    public MemoryDisk Disk { get; } = new();

    /// <summary>Null while it is down.</summary>
    public QuorumPeer? Peer { get; private set; }

    /// <summary>Goes up with each start and each end: what belongs to an earlier life is void.</summary>
    public int Life { get; private set; }

    public bool IsServing => Peer is { Serves: true };

    public bool IsLeading => Peer is { Serves: true, State: null or Core.Election.ServerState.Leading };

    /// <summary>Cut off from everybody: nobody can connect.</summary>
    public bool IsIsolated { get; set; }

    public bool DiskIsStalled
    {
        get => _lane.IsStalled;
        set => _lane.IsStalled = value;
    }

    private Instant Clock => new(_loop.Now / TimeSpan.TicksPerMillisecond);

    public void Start()
    {
        if (Peer is not null)
            return;
        Life++;
        var (state, empty) = Recover();

        // No server makes a session id twice, though the clock may stand at the time at which it started last.
        _lastWallClock = Math.Max(_loop.WallClock, _lastWallClock + 1);
        Peer = new QuorumPeer(_options, state, Clock, _lastWallClock);
        _lane.Begin(writesSnapshot: empty);
        _log($"server {Id} starts with its history up to {state.LastZxid}");
        Drain();
        _network.OnStarted(this);
    }

    /// <summary>Ends in order: what it has taken is on disk.</summary>
    public void Stop()
    {
        if (Peer is null)
            return;
        _log($"server {Id} stops");
        _lane.Finish();
        End(broken: false);
    }

    /// <summary>Ends as if killed together with its machine: what was not synced is lost.</summary>
    public void Crash()
    {
        if (Peer is null)
            return;
        _log($"server {Id} crashes");
        End(broken: true);
        Disk.Crash();
    }

    /// <summary>It gets no time; what comes waits.</summary>
    public void Freeze() => _frozen = true;

    public void Thaw()
    {
        _frozen = false;
        while (_waiting.TryDequeue(out var input))
            Do(input);
    }

    /// <summary>An input for the peer, and what comes of it.</summary>
    public void Do(Action<QuorumPeer> input)
    {
        if (Peer is null)
            return;
        if (_frozen)
            _waiting.Enqueue(input);
        else
            Step(input);
    }

    public void Tick()
    {
        if (!_frozen)
            Do(_ => { });
    }

    public void Add(ClientConnection connection) => _clients.Add(connection);

    public void Remove(ClientConnection connection)
    {
        _clients.Remove(connection);
        _parked.Remove(connection);
    }

    /// <summary>Breaks the connections of all clients.</summary>
    public void BreakClients()
    {
        foreach (var connection in _clients.ToList())
            connection.Break();
    }

    /// <summary>What arrived could not be taken yet: it is offered again when something else has happened.</summary>
    public void Park(IParked parked)
    {
        if (!_parked.Contains(parked))
            _parked.Add(parked);
    }

    /// <summary>Does what the peer wants done.</summary>
    public void Drain()
    {
        while (Peer is { } peer)
        {
            Dispatch(peer.Outbox);
            if (!peer.HasMore)
                break;
            peer.Advance(Clock, _loop.WallClock);
        }
    }

    /// <summary>What the directory has, read as a start reads it.</summary>
    public (RecoveredState State, bool Empty) Recover()
    {
        var recovery = new Recovery(Disk, Directory, Directory, _options.MaxTxn);
        var (target, report) = recovery.Run(() => new Target(new RecoveredState(_options)));
        var state = target.State;
        if (_options.Ensemble is not null)
            (state.AcceptedEpoch, state.CurrentEpoch) = new EpochFiles(Disk, Directory).Read(state.LastZxid);
        return (state, report.Empty);
    }

    private void Step(Action<QuorumPeer> input)
    {
        var peer = Peer!;
        peer.Advance(Clock, _loop.WallClock);
        input(peer);
        Drain();
        if (_parked.Count == 0)
            return;
        var parked = _parked.ToArray();
        _parked.Clear();
        foreach (var each in parked)
            each.Feed();
    }

    private void End(bool broken)
    {
        Peer = null;
        Life++;
        _frozen = false;
        _waiting.Clear();
        _parked.Clear();
        _lane.Clear();
        foreach (var connection in _clients.ToList())
            connection.OnServerEnded(broken);
        _clients.Clear();
        _network.OnEnded(this);
    }

    private void Dispatch(Outbox outbox)
    {
        foreach (var notice in outbox.Notices)
            _log($"server {Id}: {notice.Kind} 0x{notice.Id:x} {notice.Text}".TrimEnd());
        foreach (var effect in outbox.Disk.Effects)
            _lane.Take(effect);
        foreach (var effect in outbox.Clients.Effects)
        {
            var connection = (ClientConnection)effect.Client.Host!;
            if (effect.Kind == ClientEffectKind.Close)
                connection.CloseWhenSent();
            else
                connection.Send(outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length));
        }

        foreach (var effect in outbox.Peers.Effects)
            _network.Take(this, effect, outbox.Peers.Bytes.Written.Slice(effect.Offset, effect.Length));
        outbox.Clear();
        _lane.Wake();
    }

    /// <summary>Joins storage and core, which do not know each other.</summary>
    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}

/// <summary>Something whose bytes a server has not taken yet.</summary>
internal interface IParked
{
    /// <summary>Gives the peer what it accepts.</summary>
    void Feed();
}
