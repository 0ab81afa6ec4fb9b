using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Client.Session;

/// <summary>
/// The session that there is, and the times that decide over it: when to give a sign of life, when a silent server is given up, until when
/// the session certainly lives (its lease), and when it is over even though no server said so.
/// </summary>
internal sealed class Lifetime(ZooKeeperClientOptions options, long start)
{
    private readonly Queue<TimeSpan> _pings = new();
    private (long Id, byte[] Password)? _resumed =
        options.ResumeSession is { } session ? (session.Id, session.Password.ToArray()) : null;

    private TimeSpan _sentAt;
    private TimeSpan _greetedAt;
    private TimeSpan _answeredAt;
    private bool _isReadOnly;
    private bool _hasSeenQuorum;
    private bool _wasConnected;
    private bool _lapsed;

    public ZooKeeperSession? Session { get; private set; }

    /// <summary>Whether the session was made by the connection that there is.</summary>
    public bool IsNew { get; private set; }

    public TimeSpan HeardAt { get; private set; }

    /// <summary>
    /// When the session counts as ended though no server said so: a third later than its timeout, as with Apache's client. By then the
    /// server has ended it, if there was one to do that.
    /// </summary>
    public TimeSpan ExpiresAt => Session is { } session ? _answeredAt + (session.Timeout * 4 / 3) : TimeSpan.MaxValue;

    public TimeSpan LeaseDeadline => Session is { } session && !_lapsed ? session.LeaseEnd : TimeSpan.MaxValue;

    public TimeSpan SilentUntil => HeardAt + (Session!.Timeout * 2 / 3);

    public TimeSpan NextDeadline
    {
        get
        {
            var ping = _sentAt + (Session!.Timeout / 3);
            return ping < SilentUntil ? ping : SilentUntil;
        }
    }

    public bool WantsPing(TimeSpan now) => now >= _sentAt + (Session!.Timeout / 3);

    public void OnSent(TimeSpan now) => _sentAt = now;

    public void OnPing(TimeSpan now)
    {
        _pings.Enqueue(now);
        _sentAt = now;
    }

    public void OnHeard(TimeSpan now) => HeardAt = now;

    public void OnPong()
    {
        if (_pings.TryDequeue(out var sentAt))
            OnAnswered(sentAt);
    }

    /// <summary>A server answered what was sent at that time: it knew of our life then, or later. One without a quorum can tell nobody: to
    /// the others the session may end meanwhile.</summary>
    public void OnAnswered(TimeSpan sentAt)
    {
        _answeredAt = sentAt > _answeredAt ? sentAt : _answeredAt;
        if (_isReadOnly)
            return;
        var session = Session!;
        session.OnAcknowledged(sentAt);
        _lapsed &= session.LeaseEnd <= HeardAt;
    }

    public void OnGreeting(TimeSpan now) => _greetedAt = now;

    /// <summary>The first frame of a connection. A session from a server without a quorum is known to that server only, and not asked for
    /// elsewhere.</summary>
    public void WriteGreeting(ArrayBufferWriter<byte> output, long lastZxid, bool allowReadOnly)
    {
        var (id, password) = Session is { } session && _hasSeenQuorum
            ? (session.Id, session.Password.ToArray())
            : _resumed ?? (0, new byte[16]);
        var start = output.WrittenCount;
        var writer = new JuteWriter(output);
        writer.WriteInt(0);
        writer.Write(new ConnectRequest(0, lastZxid, (int)options.SessionTimeout.TotalMilliseconds, id, password));
        writer.WriteBool(allowReadOnly);
        writer.Commit();
        var frame = MemoryMarshal.AsMemory(output.WrittenMemory)[start..];
        BinaryPrimitives.WriteInt32BigEndian(frame.Span, frame.Length - 4);
    }

    /// <summary>A server has taken us in; true if there was a connection before, so that events may have been missed.</summary>
    public bool OnGreeted(ConnectResponse response, bool readOnly, TimeSpan now)
    {
        var timeout = TimeSpan.FromMilliseconds(response.Timeout);
        IsNew = Session is null;
        _isReadOnly = readOnly;
        _lapsed &= !IsNew;
        Session ??= new ZooKeeperSession(
            response.SessionId, response.Password.ToArray() ?? [], timeout, options.MarginFor(timeout), options.TimeProvider, start);
        _hasSeenQuorum |= !readOnly;
        if (!readOnly)
            _resumed = null;
        _pings.Clear();
        (HeardAt, _sentAt) = (now, now);
        OnAnswered(_greetedAt);
        var wasConnected = _wasConnected;
        _wasConnected = true;
        return wasConnected;
    }

    /// <summary>If the lease is over and nobody was told: what tells them.</summary>
    public IThreadPoolWorkItem? CheckLease(TimeSpan now)
    {
        if (now < LeaseDeadline)
            return null;
        _lapsed = true;
        return new LeaseLapse(Session!);
    }

    /// <summary>Ends the session that there is, if there is one.</summary>
    public SessionEnd? End()
    {
        _resumed = null;
        _hasSeenQuorum = false;
        if (Session is not { } session)
            return null;
        Session = null;
        session.End();
        return new SessionEnd(session);
    }

    private sealed class LeaseLapse(ZooKeeperSession session) : IThreadPoolWorkItem
    {
        public void Execute() => session.CheckLease();
    }
}

/// <summary>Tells those who wait for it that a session has ended.</summary>
internal sealed class SessionEnd(ZooKeeperSession session) : IThreadPoolWorkItem
{
    public ZooKeeperSession Session { get; } = session;

    public void Execute() => Session.TellEnded();
}
