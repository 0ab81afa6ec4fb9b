using Quoll.Core.Requests;
using Quoll.Core.Sessions;
using Quoll.Core.Tree;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core;

/// <summary>
/// This server's copy of what the ensemble agrees on, with the clients that it serves from it: the database, its snapshots, and, while the
/// server leads or learns, the way of requests.
/// </summary>
internal sealed class Replica
{
    // As long as an election may take.
    private const int LeastTimeAlone = 2000;
    private readonly PeerOptions _options;
    private readonly ClientDoor _door;
    private readonly Prng _prng;
    private ContainerReaper? _reaper;
    private int _strayWrites;
    private Instant _lastAdvance;
    private Instant? _aloneSince;

    public Replica(PeerOptions options, RecoveredState recovered, Outbox outbox, Instant now, long wallClock)
    {
        _options = options;
        _prng = new Prng(options.Seed);
        _door = new ClientDoor(new ClientRegistry(), new SessionIds(options.ServerId, wallClock), outbox);
        _lastAdvance = now;
        Now = now;
        WallClock = wallClock;
        Database = recovered.Database;
        History = recovered.History;
        NewestSnapshot = recovered.Snapshot;
        Snapshots = new SnapshotWriter(Database, outbox.Disk, _prng);
        TellConfig();
    }

    public Database Database { get; private set; }

    public History History { get; }

    public SnapshotWriter Snapshots { get; private set; }

    /// <summary>The newest snapshot on disk.</summary>
    public Zxid? NewestSnapshot { get; set; }

    public ClientRegistry Clients => _door.Clients;

    /// <summary>Null while there is no leader.</summary>
    public ClientService? Service { get; private set; }

    /// <summary>Where changes get their place while this server leads; null while it does not.</summary>
    public LeaderRoute? Leading { get; private set; }

    /// <summary>Clients are served: what the leader had is here.</summary>
    public bool Serves { get; private set; }

    /// <summary>The clock of sessions, which stands still while this process does.</summary>
    public Instant Now { get; private set; }

    /// <summary>Milliseconds since 1970: stamps transactions, and nothing else.</summary>
    public long WallClock { get; private set; }

    private bool DiskHasRoom { get; set; } = true;

    private Outbox Outbox => _door.Outbox;

    /// <summary>Serves as the leader. Every known session gets a whole timeout from here.</summary>
    public LeaderRoute Lead(Leader leader)
    {
        var sessions = new ExpiringSessions(_options.TickTime);
        foreach (var (id, timeout) in Database.Sessions)
            sessions.Add(id, timeout, Now);

        // A snapshot of Apache's may have ephemerals of a session that it does not have: they end as if it had just been heard.
        foreach (var id in Database.Tree.Owned.Sessions.Where(id => sessions.Find(id) is null && id >> 56 != -1).ToList())
            sessions.Add(id, _options.MinSessionTimeout, Now);
        var route = new LeaderRoute(Database, leader, new Access.AccessControl(_options), Outbox.Notices);
        Begin(leader.Proposals, route, sessions);
        route.OnSynced = Service!.Pipeline.AnswerSync;
        _reaper = new ContainerReaper(Database, route);
        Serves = true;
        Leading = route;
        return route;
    }

    /// <summary>Applies what a leader elsewhere commits; clients are served once <see cref="Serve"/> was called.</summary>
    public void Learn(Proposals proposals, IChangeRoute route) => Begin(proposals, route, new TouchedSessions());

    public void Serve() => Serves = true;

    /// <summary>There is no leader. After a while, clients that content themselves with reads are served, where that is wanted.</summary>
    public void BeAlone() => _aloneSince = Now;

    /// <summary>There is a leader to be, or to learn from.</summary>
    public void EndBeingAlone()
    {
        _aloneSince = null;
        if (Serves)
            StopServing();
    }

    /// <summary>Ends all connections. What is logged stays to be applied.</summary>
    public void StopServing()
    {
        Serves = false;
        Leading = null;
        _reaper = null;
        foreach (var client in Clients.All)
            Disconnect(client);
    }

    /// <summary>Another state, read from disk or sent by a leader.</summary>
    public void Replace(RecoveredState state)
    {
        Database = state.Database;
        NewestSnapshot = state.Snapshot ?? NewestSnapshot;
        Service = null;
        _strayWrites += Snapshots.Unwritten;
        Snapshots = new SnapshotWriter(Database, Outbox.Disk, _prng);
        TellConfig();
    }

    public void ApplyCommitted()
    {
        Service?.Pipeline.ApplyCommitted();
        BeginDueSnapshot();
    }

    public void Advance(Instant now, long wallClock)
    {
        var passed = now - _lastAdvance;
        _lastAdvance = now;

        // When this process was stopped, its clients were not heard, though they may have spoken: that time does not count.
        if (passed > _options.TickTime)
        {
            Outbox.Notices.Add(new Notice(NoticeKind.TimePassedUnseen, 0, passed));
            passed = 0;
        }

        Now += passed;
        WallClock = wallClock;
        if (_options.ServesReadOnly && _aloneSince is { } since && Now - since >= Math.Max(LeastTimeAlone, _options.TickTime))
            ServeReadOnly();
        if (Service is not { } service)
            return;
        service.Pipeline.Now = Now;
        service.Pipeline.WallClock = wallClock;
        ApplyCommitted();

        // A role that has ended proposes nothing more, though what it knew of sessions is still here.
        if (!Serves)
            return;
        service.ExpireSessions();
        if (DiskHasRoom)
            _reaper?.Advance(Now, wallClock);
    }

    /// <summary>The disk has taken bytes of a snapshot.</summary>
    public void OnSnapshotWritten()
    {
        if (_strayWrites > 0)
            _strayWrites--;
        else
            Snapshots.OnWritten();
    }

    public void OnFrame(Client client, ReadOnlySpan<byte> frame)
    {
        if (Serves)
            Service!.OnFrame(client, frame);
        else
            Disconnect(client);
    }

    public void OnDiskRoom(bool hasRoom)
    {
        if (DiskHasRoom != hasRoom)
            Outbox.Notices.Add(new Notice(hasRoom ? NoticeKind.DiskHasRoom : NoticeKind.DiskFull, 0, 0));
        DiskHasRoom = hasRoom;
        if (Service is { } service)
            service.Pipeline.DiskHasRoom = hasRoom;
    }

    public Client OnConnected(string address, object? host) => Clients.Add(address, host, WallClock);

    public void OnClosed(Client client)
    {
        if (client.State != ClientState.Closed)
            Detach(client);
        Clients.Remove(client);
    }

    private void ServeReadOnly()
    {
        _aloneSince = null;
        Begin(new Proposals(History.Last), null, new TouchedSessions());
        Serves = true;
        Outbox.Notices.Add(new Notice(NoticeKind.ServingReads, _options.ServerId, 0, $"as of {Database.LastProcessed}"));
    }

    private void TellConfig()
    {
        if (_options.Ensemble is { } ensemble)
            Database.TellConfig(System.Text.Encoding.UTF8.GetBytes(ensemble.ToString()), ensemble.Version, WallClock);
    }

    private void Begin(Proposals proposals, IChangeRoute? route, SessionTracker sessions)
    {
        Service = new ClientService(Database, proposals, route, sessions, _door)
        {
            OnApplied = bytes => Snapshots.OnLogged(bytes),
        };
        Service.Pipeline.Now = Now;
        Service.Pipeline.WallClock = WallClock;
        Service.Pipeline.DiskHasRoom = DiskHasRoom;
    }

    private void BeginDueSnapshot()
    {
        // Not of a tree that is still coming: what would be on disk beside it is another history.
        if (Serves && Snapshots.Due && !Snapshots.Running && _strayWrites == 0)
            Snapshots.Begin();
    }

    private void Disconnect(Client client)
    {
        if (client.State == ClientState.Closed)
            return;
        Detach(client);
        Outbox.Clients.Close(client);
    }

    private void Detach(Client client)
    {
        if (Service is { } service)
            service.Detach(client);
        else
            client.State = ClientState.Closed;
    }
}
