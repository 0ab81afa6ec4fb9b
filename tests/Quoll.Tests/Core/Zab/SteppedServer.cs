using Quoll.Core;
using Quoll.Core.Quorum;
using Quoll.Core.Zab;
using Quoll.Tests.Storage;

namespace Quoll.Tests.Core.Zab;

/// <summary>
/// A server of an ensemble with the real peer and the real storage, in which nothing happens but what the test does next: what it says
/// waits on its wires, and with <see cref="DiskWaits"/> so does what it wants of its disk. After each step it is checked that it has
/// said nothing that its disk does not bear out.
/// </summary>
internal sealed class SteppedServer : ITestHost, IDisposable
{
    private readonly PeerOptions _options;
    private readonly Dictionary<long, byte[]> _journal;
    private readonly SteppedDisk _disk;
    private QuorumPeer? _peer;

    /// <param name="options">What the server is told.</param>
    /// <param name="disk">What it finds; an empty directory if null.</param>
    /// <param name="journal">Every transaction of the ensemble by its number; none may stand for two (I2).</param>
    public SteppedServer(PeerOptions options, MemoryDisk? disk = null, Dictionary<long, byte[]>? journal = null)
    {
        _options = options;
        _journal = journal ?? [];
        _disk = new SteppedDisk(disk ?? new DataDirectory().Disk, options);
        Start();
    }

    public long Id => _options.ServerId;

    public QuorumPeer Peer => _peer ?? throw new InvalidOperationException($"server {Id} is down");

    public bool IsUp => _peer is not null;

    public MemoryDisk Disk => _disk.Files;

    /// <summary>The disk does nothing before the test says so.</summary>
    public bool DiskWaits { get; set; }

    /// <summary>The same for snapshots, which go to the disk beside the log.</summary>
    public bool SnapshotsWait { get; set; }

    public long Now { get; private set; } = 1_000_000;

    /// <summary>Connections it has asked for, and to whom.</summary>
    public Queue<(Link Link, MasterPort To)> Connecting { get; } = new();

    public List<Wire> Wires { get; } = [];

    /// <summary>The messages it has said to election ports, oldest first.</summary>
    public List<(long To, byte[] Message)> Votes { get; } = [];

    /// <summary>The datagrams it has sent, oldest first; who is answered is known by its number.</summary>
    public List<(long To, byte[] Bytes)> Datagrams { get; } = [];

    public List<Notice> Notices { get; } = [];

    /// <summary>What the disk has been asked for and has not done, the log's first.</summary>
    public IEnumerable<DiskEffectKind> DiskQueue => _disk.Queue;

    public static EnsembleConfig Config(int voters, int observers = 0) => new(Enumerable.Range(1, voters + observers)
        .Select(id => new Quoll.Core.Quorum.Member(id, [new MemberAddress($"host{id}", 2888, 3888)], id > voters, null, 2181)));

    public static PeerOptions Options(long id, EnsembleConfig config, bool followersServe = false) => new()
    {
        ServerId = id,
        Ensemble = config,
        FollowersServeObservers = followersServe,
        TickTime = 1000,
        MinSessionTimeout = 2000,
        MaxSessionTimeout = 20_000,
        MaxTxn = 1024 * 1024,
    };

    public void Start()
    {
        var state = _disk.Open();
        _peer = new QuorumPeer(_options, state, new Instant(Now), 1_700_000_000_000 + Now);
        Do(_ => { });
    }

    /// <summary>The power goes: what the disk was asked for and has not done is lost, and so is all in memory.</summary>
    public void Crash()
    {
        _peer = null;
        Connecting.Clear();
        Votes.Clear();
        Datagrams.Clear();
        foreach (var wire in Wires)
            wire.Break();
        Wires.Clear();
        _disk.Crash();
    }

    /// <summary>An input, and what comes of it.</summary>
    public void Do(Action<QuorumPeer> input)
    {
        Peer.Advance(new Instant(Now), 1_700_000_000_000 + Now);
        input(Peer);
        Settle();
    }

    public void Pass(int milliseconds)
    {
        for (; milliseconds > 0; milliseconds -= 100)
        {
            Now += Math.Min(milliseconds, 100);
            Do(_ => { });
        }
    }

    /// <summary>The disk does the oldest thing that was asked of it.</summary>
    public DiskEffectKind StepDisk()
    {
        Assert.True(_disk.Count > 0, "the disk was asked for nothing");
        var kind = _disk.Step(out var input);
        Do(input);
        return kind;
    }

    /// <summary>The disk does everything up to the first effect of this kind, and that as well.</summary>
    public void StepDiskThrough(DiskEffectKind last)
    {
        while (StepDisk() != last)
        {
        }
    }

    /// <summary>The disk does all it is asked for, and whatever follows from that.</summary>
    public void RunDisk()
    {
        while (_disk.Count > 0)
            StepDisk();
    }

    public void SyncAll() => RunDisk();

    public void Collect() => Do(_ => { });

    /// <summary>The wires to a server that it has asked for.</summary>
    public Wire Accept(long server)
    {
        Assert.True(Connecting.TryDequeue(out var asked), $"server {Id} has asked for no connection");
        Assert.Equal(server, asked.To.Server);
        var wire = new Wire(this, asked.Link);
        asked.Link.Host = wire;
        Wires.Add(wire);
        Do(peer => peer.OnLinkUp(asked.Link));
        return wire;
    }

    /// <summary>Somebody has connected to its quorum port, or to that for observers.</summary>
    public Wire Connect(bool asObserver = false)
    {
        var wire = new Wire(this);
        Wires.Add(wire);
        Do(peer => wire.Link = asObserver ? peer.OnObserverLink(wire) : peer.OnLink(wire));
        return wire;
    }

    /// <summary>What a restart would find now.</summary>
    public RecoveredState Reloaded() => SteppedDisk.Read(Disk.Copy(), _options);

    /// <summary>The znodes that a restart would find, in the order of their names.</summary>
    public string[] ZnodesOnDisk() => Znodes(Reloaded());

    public static string[] Znodes(RecoveredState state) =>
    [
        .. StateDump.Of(state).Split('\n').Select(line => line.Split(' ')[0])
            .Where(path => path.Length > 1 && path[0] == '/' && !path.StartsWith("/zookeeper", StringComparison.Ordinal)),
    ];

    public TestClient Client(int timeout = 10_000)
    {
        var client = Open();
        client.SendConnect(timeout);
        return client;
    }

    public TestClient Open()
    {
        var client = new TestClient(this, "127.0.0.1");
        client.Connection = Peer.OnConnected("127.0.0.1", client);
        return client;
    }

    public void Dispose() => _disk.Dispose();

    private void Settle()
    {
        do
        {
            Dispatch();
            while (Peer.HasMore)
            {
                Peer.Advance(new Instant(Now), 1_700_000_000_000 + Now);
                Dispatch();
            }
        }
        while (Wires.ToList().Any(wire => wire.Feed()) || StepFreeDisk());
    }

    private bool StepFreeDisk()
    {
        if (!_disk.HasWork(forLog: !DiskWaits, forSnapshots: !DiskWaits && !SnapshotsWait))
            return false;
        _disk.Step(out var input, snapshotsToo: !SnapshotsWait);
        input(Peer);
        return true;
    }

    private void Dispatch()
    {
        var outbox = Peer.Outbox;
        Notices.AddRange(outbox.Notices);
        foreach (var effect in outbox.Disk.Effects)
            Take(effect);
        foreach (var effect in outbox.Clients.Effects)
        {
            var client = (TestClient)effect.Client.Host!;
            if (effect.Kind == ClientEffectKind.Close)
                client.OnClose();
            else
                client.OnBytes(outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length).ToArray());
        }

        foreach (var effect in outbox.Peers.Effects)
            Take(effect, outbox.Peers.Bytes.Written.Slice(effect.Offset, effect.Length).ToArray());
        outbox.Clear();
    }

    private void Take(in DiskEffect effect)
    {
        if (effect.Kind == DiskEffectKind.Append && !_journal.TryAdd(effect.Zxid.Value, effect.Bytes.ToArray()))
            Assert.True(effect.Bytes.Span.SequenceEqual(_journal[effect.Zxid.Value]), $"{effect.Zxid} stands for two transactions (I2)");
        _disk.Add(effect);
    }

    private void Take(in PeerEffect effect, byte[] bytes)
    {
        if (effect.Kind == PeerEffectKind.Notify)
        {
            Invariants.OfVote(this, bytes);
            Votes.Add((effect.Server, bytes));
        }
        else if (effect.Kind is PeerEffectKind.Ask or PeerEffectKind.Answer)
        {
            Invariants.OfDatagram(this, bytes);
            Datagrams.Add((effect.Asker is long asker ? asker : effect.Server, bytes));
        }
        else if (effect.Kind is PeerEffectKind.Connect or PeerEffectKind.ConnectToObserverPort)
        {
            Connecting.Enqueue((effect.Link!, new MasterPort(effect.Server, effect.Kind == PeerEffectKind.ConnectToObserverPort)));
        }
        else if (effect.Link!.Host is Wire { Down: false } wire)
        {
            Take(wire, effect, bytes);
        }
    }

    private void Take(Wire wire, in PeerEffect effect, byte[] bytes)
    {
        if (effect.Kind == PeerEffectKind.Close)
        {
            wire.Closed = true;
            return;
        }

        var packets = effect.Kind == PeerEffectKind.Send ? Packet.All(bytes) : _disk.ReadFor(effect);
        Assert.NotNull(packets);
        foreach (var packet in packets)
        {
            Invariants.OfPacket(this, packet);
            wire.Said.Enqueue(packet);
        }
    }
}
