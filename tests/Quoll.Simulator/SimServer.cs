using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Protocol;
using Quoll.Simulator.Checks;
using Quoll.Simulator.Clients;
using Quoll.Storage;

namespace Quoll.Simulator;

/// <summary>A server: the real peer, log, snapshots and recovery, on a disk in memory that takes its time and may lose its power.</summary>
internal sealed class SimServer
{
    public const string Directory = "/data/version-2";
    public const int MaxTxn = 1024 * 1024;

    /// <summary>Every so many times that a server begins to look for a leader, its disk is read as a start would.</summary>
    private const int ReadDiskEvery = 8;

    private readonly Simulation _simulation;
    private readonly List<SimLinkEnd> _parked = [];
    private readonly Queue<Action<QuorumPeer>> _waiting = new();
    private int _looks;

    public SimServer(Simulation simulation, long id)
    {
        _simulation = simulation;
        Id = id;
        Disk.CreateDirectory(Directory);
        Mirror = new DiskMirror(simulation, id);
        Rules = new ServerRules(simulation, this);
        Lanes = new SimDiskLanes(simulation, this);
        Options = new PeerOptions
        {
            Seed = (ulong)id,
            ServerId = id,
            Ensemble = simulation.Config,
            ElectionAlg = simulation.Election,
            FollowersServeObservers = simulation.Traits.FollowersServeObservers,
            TickTime = 200,
            MinSessionTimeout = 2000,
            MaxSessionTimeout = 20_000,
            SnapCount = simulation.Traits.SnapCount,
            MaxTxn = MaxTxn,
        };
    }

    public long Id { get; }

    public MemoryDisk Disk { get; } = new();

    public DiskMirror Mirror { get; }

    public ServerRules Rules { get; }

    public SimDiskLanes Lanes { get; }

    /// <summary>Null while it is down.</summary>
    public QuorumPeer? Peer { get; private set; }

    /// <summary>Goes up with each start and each crash: what belongs to an earlier life is void.</summary>
    public int Life { get; private set; }

    /// <summary>Until when the process stands still, or did last.</summary>
    public long PausedUntil { get; private set; }

    public PeerOptions Options { get; }

    /// <summary>By how many milliseconds its clock is wrong; what measures time is right.</summary>
    public long ClockError { get; set; }

    private Instant Clock => new(_simulation.Now / 1000);

    private long WallClock => 1_700_000_000_000 + (_simulation.Now / 1000) + ClockError;

    /// <summary>Starts it; if the disk fails meanwhile, again a little later, as who runs it would.</summary>
    public void Start()
    {
        if (Peer is not null)
            return;
        try
        {
            Life++;
            Begin();
        }
        catch (IOException e)
        {
            _simulation.Say($"{Id} does not start: {e.Message}");
            LosePower();
            _simulation.After(_simulation.Between(100_000, 500_000), Start);
        }
    }

    /// <summary>The power goes: what was not synced is lost, or half of it.</summary>
    public void Crash()
    {
        if (Peer is null)
            return;
        _simulation.Say($"{Id} crashes");
        LosePower();
        _simulation.Network.OnStopped(this);
    }

    /// <summary>An input for the peer, and what comes of it.</summary>
    public void Do(Action<QuorumPeer> input)
    {
        if (Peer is null)
            return;
        if (_simulation.Now < PausedUntil || _waiting.Count > 0)
            _waiting.Enqueue(input);
        else
            Step(input);
    }

    /// <summary>The process gets no time; what comes waits.</summary>
    public void Pause(long microseconds)
    {
        _simulation.Say($"{Id} stands still");
        PausedUntil = Math.Max(PausedUntil, _simulation.Now + microseconds);
        _simulation.After(microseconds, Resume);
    }

    private void Resume()
    {
        while (_simulation.Now >= PausedUntil && Peer is not null && _waiting.TryDequeue(out var input))
            Step(input);
    }

    private void Step(Action<QuorumPeer> input)
    {
        if (Peer is null)
            return;
        Peer.Advance(Clock, WallClock);
        Drain();
        if (Peer is not { } peer)
            return;
        input(peer);
        Drain();
        var parked = _parked.ToArray();
        _parked.Clear();
        foreach (var end in parked)
            Feed(end);
    }

    /// <summary>Gives the peer what has come on a link, as far as it takes it.</summary>
    public void Feed(SimLinkEnd end)
    {
        if (Peer is not { } peer || end.Closed || end.Inbox.Count == 0)
            return;
        var taken = peer.OnBytes(end.Link!, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(end.Inbox));
        end.Inbox.RemoveRange(0, taken);
        if (end.Inbox.Count > 0 && !_parked.Contains(end))
            _parked.Add(end);
        Drain();
    }

    /// <summary>What the directory has, read as a start would.</summary>
    public (RecoveredState State, bool Empty) Recover() => Recover(Disk);

    /// <summary>The same, of what would survive a crash.</summary>
    public RecoveredState RecoverSynced() => Recover(Disk.CopyOfSynced()).State;

    private (RecoveredState State, bool Empty) Recover(MemoryDisk disk)
    {
        var recovery = new Recovery(disk, Directory, Directory, MaxTxn);
        var (target, report) = recovery.Run(() => new Target(new RecoveredState(Options)));
        var state = target.State;
        (state.AcceptedEpoch, state.CurrentEpoch) = new EpochFiles(disk, Directory).Read(state.LastZxid);
        if (state.DigestMismatches > 0)
            _simulation.Complain($"server {Id} reads {state.LastZxid}, and {state.DigestMismatches} digests on the way are not its own");
        return (state, report.Empty);
    }

    private void Begin()
    {
        var (state, empty) = Recover();
        Mirror.OnRead(this, (state.Snapshot ?? default, state.LastZxid, state.AcceptedEpoch, state.CurrentEpoch));
        PausedUntil = 0;
        Rules.OnStarted();

        // Nobody can guess the numbers of its questions, not even who knew those of its last life.
        var basic = Options.ElectionAlg == ElectionAlgorithm.Basic;
        var options = basic ? Options with { Seed = (ulong)_simulation.Random.NextInt64() } : Options;
        Peer = new QuorumPeer(options, state, Clock, WallClock);

        // An Apache server writes a snapshot of all it has as it starts, committed or not: the directory may have been one's.
        Lanes.Begin(writesSnapshot: empty || (_simulation.Traits.OtherMakes && _simulation.Chance(0.3)));
        _simulation.Say($"{Id} starts with {state.LastZxid}, epochs {state.AcceptedEpoch} and {state.CurrentEpoch}");
        Drain();
        Tick(Life);
        _simulation.Network.OnStarted(this);
    }

    private void LosePower()
    {
        Peer = null;
        Life++;
        _parked.Clear();
        _waiting.Clear();
        Lanes.Clear();
        Disk.Crash(_simulation.Random.Next());
    }

    private void Tick(int life)
    {
        if (life != Life)
            return;
        Do(_ => { });
        _simulation.After(20_000, () => Tick(life));
    }

    private void Drain()
    {
        while (Peer is { } peer)
        {
            Dispatch(peer.Outbox);
            if (Peer is null || !peer.HasMore)
                break;
            peer.Advance(Clock, WallClock);
        }
    }

    private void Dispatch(Outbox outbox)
    {
        foreach (var notice in outbox.Notices)
        {
            _simulation.Say($"{Id} {notice.Kind} {notice.Id:x} {notice.Text}");
            if (notice.Kind == NoticeKind.Looking)
                OnLooking();
            else if (notice.Kind == NoticeKind.DigestMismatch)
                _simulation.Complain($"server {Id}: the digest after 0x{notice.Id:x} is not the leader's");
            if (MomentOf(notice.Kind) is { } moment)
                _simulation.Happens(this, moment);
        }

        foreach (var effect in outbox.Disk.Effects)
            Lanes.Take(effect);
        Rules.AfterStep();
        foreach (var effect in outbox.Clients.Effects)
        {
            var connection = (SimConnection)effect.Client.Host!;
            if (effect.Kind == ClientEffectKind.Close)
                connection.OnClosed();
            else
                connection.OnSent(outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length).ToArray());
        }

        foreach (var effect in outbox.Peers.Effects)
            Send(effect, outbox.Peers.Bytes.Written.Slice(effect.Offset, effect.Length));
        outbox.Clear();
        Lanes.Wake();
    }

    private static Moment? MomentOf(NoticeKind kind) => kind switch
    {
        NoticeKind.Elected => Moment.Elected,
        NoticeKind.Leading => Moment.Leads,
        NoticeKind.Following => Moment.Follows,
        NoticeKind.RoleEnded => Moment.RoleEnded,
        _ => null,
    };

    private void Send(in PeerEffect effect, ReadOnlySpan<byte> bytes)
    {
        if (effect.Kind == PeerEffectKind.Send && effect.Link!.Host is SimLinkEnd end)
            Rules.OnSent(end.Other.Server, bytes);
        else if (effect.Kind == PeerEffectKind.Notify)
            Rules.OnNotified(bytes);
        else if (effect.Kind == PeerEffectKind.Answer)
            Rules.OnAnswered(bytes);
        _simulation.Network.Take(this, effect, bytes);
    }

    // What a start would find is what memory has (I4). To read the disk costs something, so that not each time is looked at.
    private void OnLooking()
    {
        Rules.OnLooking();
        if (_looks++ % ReadDiskEvery != 0)
            return;
        var peer = Peer!;
        var state = RecoverSynced();
        if (state.LastZxid != peer.LastProcessed || state.Digest != peer.Introspection.Digest)
            _simulation.Complain($"server {Id} has {peer.LastProcessed} in memory, and would read {state.LastZxid}, or another tree");
        if (state.AcceptedEpoch != Mirror.AcceptedEpoch || state.CurrentEpoch != Mirror.Epoch)
            _simulation.Complain($"server {Id} would read the epochs {state.AcceptedEpoch} and {state.CurrentEpoch}, which it never saved");
    }

    private sealed class Target(RecoveredState state) : IRecoveryTarget
    {
        public RecoveredState State { get; } = state;

        public void Load(Zxid zxid, Action<ISnapshotHandler> source) => State.Load(zxid, source);

        public void Replay(ReadOnlySpan<byte> txn) => State.Replay(txn);
    }
}
