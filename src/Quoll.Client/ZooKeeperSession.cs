namespace Quoll.Client;

/// <summary>
/// One session of a client, from the moment a server gave it until it ends. Ephemeral znodes live as long as it does. A client whose
/// session ends gets another; what was bound to this one stays bound to this one.
/// </summary>
#pragma warning disable CA1001 // Token sources without a timer hold nothing that must be given back; tokens are read after the end, too.
public sealed class ZooKeeperSession
#pragma warning restore CA1001
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private CancellationTokenSource _lease = new();
    private long _acknowledged;
    private bool _isOver;

    internal ZooKeeperSession(long id, byte[] password, TimeSpan timeout, TimeSpan margin, TimeProvider time, long start)
    {
        (Id, Password, Timeout, Margin) = (id, password, timeout, margin);
        (_time, _start) = (time, start);
        Ended = _ended.Token;
    }

    /// <summary>Its number, unique in the ensemble; the owner of its ephemeral znodes (<c>Stat.EphemeralOwner</c>).</summary>
    public long Id { get; }

    /// <summary>With <see cref="Id"/>, what another client needs to go on with this session.</summary>
    public ReadOnlyMemory<byte> Password { get; }

    /// <summary>What the server granted: hearing nothing for so long, it ends the session.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>What is taken off <see cref="Timeout"/>, since a server may know of a sign of life later than the one who answered
    /// it.</summary>
    public TimeSpan Margin { get; }

    /// <summary>Fires when the session has ended, or its client was disposed of. It never comes back.</summary>
    public CancellationToken Ended { get; }

    /// <summary>
    /// Fires when the session may have ended without our hearing of it: nothing that was sent within the last <see cref="Timeout"/> less
    /// <see cref="Margin"/> has been acknowledged. It fires at the latest before the next answer of a server reaches its caller, even if
    /// the process slept. The session may turn out to live; then this is another token, which has not fired.
    /// </summary>
    public CancellationToken Lease
    {
        get
        {
            lock (_gate)
                return _lease.Token;
        }
    }

    /// <summary>
    /// For how much longer the session is certain to live, by the sending time of the last request that was acknowledged; zero or less
    /// when it is not certain any more.
    /// </summary>
    public TimeSpan LeaseRemaining => Volatile.Read(ref _isOver) ? TimeSpan.Zero : LeaseEnd - Now;

    /// <summary>By the clock of the client, which starts with it.</summary>
    internal TimeSpan LeaseEnd => Acknowledged + Timeout - Margin;

    internal TimeSpan Acknowledged => new(Volatile.Read(ref _acknowledged));

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>A server acknowledged what was sent at <paramref name="sentAt"/>. Under the client's lock.</summary>
    internal void OnAcknowledged(TimeSpan sentAt)
    {
        if (sentAt.Ticks <= _acknowledged)
            return;
        Volatile.Write(ref _acknowledged, sentAt.Ticks);
        if (!_lease.IsCancellationRequested || _isOver)
            return;
        lock (_gate)
            _lease = new CancellationTokenSource();
    }

    /// <summary>Fires the lease's token if its time is over. On threads that belong to nobody.</summary>
    internal void CheckLease()
    {
        if (LeaseRemaining > TimeSpan.Zero)
            return;
        CancellationTokenSource lease;
        lock (_gate)
            lease = _lease;
        lease.Cancel();
    }

    /// <summary>Marks it as ended; <see cref="TellEnded"/> tells those who wait.</summary>
    internal void End() => Volatile.Write(ref _isOver, true);

    internal bool IsOver => Volatile.Read(ref _isOver);

    internal void TellEnded()
    {
        CheckLease();
        _ended.Cancel();
    }

    /// <inheritdoc/>
    public override string ToString() => $"0x{Id:x}";
}
