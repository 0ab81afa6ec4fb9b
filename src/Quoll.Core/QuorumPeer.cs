using Quoll.Core.Election;
using Quoll.Core.Requests;
using Quoll.Core.Zab;
using Quoll.Protocol;

namespace Quoll.Core;

/// <summary>
/// A server without its sockets, disk, clock and threads: what happens comes in as calls, what it wants done goes out in the
/// <see cref="Outbox"/>. It is not thread-safe and never waits. Alone, it leads a quorum of one.
/// </summary>
public sealed class QuorumPeer
{
    private readonly Replica _replica;
    private readonly Leader? _alone;
    private readonly Member? _member;

    /// <param name="options">What the peer is told at its start.</param>
    /// <param name="recovered">What the disk had.</param>
    /// <param name="now">The clock that deadlines are measured by.</param>
    /// <param name="wallClock">Milliseconds since 1970: stamps transactions, and makes session ids that were never used before.</param>
    public QuorumPeer(PeerOptions options, RecoveredState recovered, Instant now, long wallClock)
    {
        _replica = new Replica(options, recovered, Outbox, now, wallClock);
        Introspection = new Introspection(this, _replica, Outbox.Clients.Stats);
        if (options.Ensemble is null)
        {
            _alone = new Leader(recovered.LastZxid, Outbox.Disk);
            _replica.Lead(_alone);
        }
        else
        {
            _member = new Member(options, _replica, recovered, Outbox, now);
        }
    }

    public Outbox Outbox { get; } = new();

    /// <summary>What an operator may ask.</summary>
    public Introspection Introspection { get; }

    public Zxid LastProcessed => _replica.Database.LastProcessed;

    /// <summary>What this server does in its ensemble; null if it stands alone.</summary>
    public ServerState? State => _member?.State;

    internal LeaderReport? LeaderReport => _member?.Report;

    internal long? Follows => _member?.Learner is { Phase: LearnerPhase.Active } learner ? learner.Master : null;

    internal int? SyncedObservers => _member?.Observers?.Learners.Count(learner => learner.State == HandlerState.Active);

    /// <summary>True while clients are served.</summary>
    public bool Serves => _replica.Serves;

    /// <summary>
    /// More is ready than fitted into the client lane: the host sends what there is and calls <see cref="Advance"/> at once.
    /// </summary>
    public bool HasMore => _replica.Service is { Pipeline.HasMore: true };

    /// <summary>Time has come to <paramref name="now"/>. Sessions expire here, and nowhere else.</summary>
    public void Advance(Instant now, long wallClock)
    {
        _replica.Advance(now, wallClock);
        _member?.Advance(now);
    }

    /// <summary>A connection was made; the host tells its frames with what this returns.</summary>
    public Client OnConnected(string address, object? host) => _replica.OnConnected(address, host);

    /// <summary>
    /// False while the connection must not be read: its session is being made, or too much is under way or on the client lane. What
    /// has been sent waits in its socket, and TCP slows the client.
    /// </summary>
    public bool Accepts(Client client) => !_replica.Serves || _replica.Service!.Accepts(client);

    /// <summary>A whole frame came, without its length. The bytes are not kept.</summary>
    public void OnFrame(Client client, ReadOnlySpan<byte> frame)
    {
        if (client.State == ClientState.Closed)
            return;
        client.Stats.OnReceived();
        Outbox.Clients.Stats.Received++;
        _replica.OnFrame(client, frame);
    }

    /// <summary>The connection is gone. Its watches go with it, its session stays.</summary>
    public void OnClosed(Client client) => _replica.OnClosed(client);

    /// <summary>The log is on disk up to this transaction.</summary>
    public void OnSynced(Zxid zxid)
    {
        if (_member is not null)
        {
            _member.OnSynced(zxid);
            return;
        }

        _alone!.OnSynced(zxid);
        _replica.ApplyCommitted();
    }

    /// <summary>The disk has taken the oldest bytes of the snapshot that it had not.</summary>
    public void OnSnapshotWritten() => _replica.OnSnapshotWritten();

    /// <summary>A snapshot is on disk, whole and under its name.</summary>
    public void OnSnapshotSaved(Zxid zxid) => _member?.OnSnapshotSaved(zxid);

    /// <summary>
    /// Snapshots older than this one were deleted, and with them what the log had before it: learners that lack it need a snapshot now.
    /// </summary>
    public void OnPurged(Zxid oldestSnapshot) => _replica.History.ForgetUpTo(oldestSnapshot);

    /// <summary>Begins a snapshot now, unless one is being written.</summary>
    public void BeginSnapshot()
    {
        if (!_replica.Snapshots.Running)
            _replica.Snapshots.Begin();
    }

    /// <summary>The disk has, or no longer has, room for transactions.</summary>
    public void OnDiskRoom(bool hasRoom) => _replica.OnDiskRoom(hasRoom);

    /// <summary>The epoch that was given to the disk first is on it.</summary>
    public void OnEpochSaved() => Ensemble.OnEpochSaved();

    /// <summary>What is on disk was read again, after it was cut if that was asked for.</summary>
    public void OnReloaded(RecoveredState state) => Ensemble.OnReloaded(state);

    /// <summary>Only the history that came from the leader is left on disk.</summary>
    public void OnHistoryAdopted() => Ensemble.OnHistoryAdopted();

    /// <summary>A message came to the election port from this server.</summary>
    public void OnNotification(long from, ReadOnlySpan<byte> message) => Ensemble.OnNotification(from, message);

    /// <summary>A datagram came, if that is how leaders are elected: a question, or the answer to one.</summary>
    public void OnDatagram(ReadOnlySpan<byte> bytes, object sender) => Ensemble.OnDatagram(bytes, sender);

    /// <summary>The connection to another server's election port was made or lost.</summary>
    public void OnReachable(long server, bool reachable) => Ensemble.OnReachable(server, reachable);

    /// <summary>A server has connected to the quorum port; the host tells its bytes with what this returns.</summary>
    public Link OnLink(object? host) => Ensemble.OnLink(host, forObservers: false);

    /// <summary>The same at the port for observers.</summary>
    public Link OnObserverLink(object? host) => Ensemble.OnLink(host, forObservers: true);

    /// <summary>The connection that was asked for is there.</summary>
    public void OnLinkUp(Link link) => Ensemble.OnLinkUp(link);

    /// <summary>A link broke, or could not be made. To be said once; nothing comes from it after that.</summary>
    public void OnLinkDown(Link link) => Ensemble.OnLinkDown(link);

    /// <summary>
    /// Bytes came on a link. Returns how many were taken: what is not taken is to be given again, with more behind it, or once something
    /// else has happened.
    /// </summary>
    public int OnBytes(Link link, ReadOnlySpan<byte> bytes) => Ensemble.OnBytes(link, bytes);

    /// <summary>For tests: the epoch in which this server leads an ensemble; null if it does not.</summary>
    internal long? LeadsInEpoch => _member?.Leader?.Epoch;

    /// <summary>For tests: whether a session is known that has not ended.</summary>
    internal bool HasSession(long session) => _replica.Database.Sessions.ContainsKey(session);

    /// <summary>For tests: a session ends as if its time were over. False if this server does not lead, or has no such session.</summary>
    internal bool TryExpire(long session) => _replica.Leading is not null && _replica.Service!.TryExpire(session);

    /// <summary>For tests: raises the number that a znode's next sequential child gets, with the newest transaction.</summary>
    internal ErrorCode RaiseSequence(string parent, int next, out Zxid zxid)
    {
        var route = _replica.Leading ?? throw new InvalidOperationException("this server does not lead");
        var error = route.RaiseSequence(parent, next, _replica.WallClock);
        zxid = route.Newest;
        return error;
    }

    private Member Ensemble => _member ?? throw new InvalidOperationException("this server stands alone");
}
