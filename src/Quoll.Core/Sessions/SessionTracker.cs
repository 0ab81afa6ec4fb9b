namespace Quoll.Core.Sessions;

/// <summary>The sessions that a server speaks for, or, on a leader, all of them.</summary>
internal abstract class SessionTracker
{
    private readonly Dictionary<long, Session> _sessions = [];

    public int Count => _sessions.Count;

    public IEnumerable<Session> All => _sessions.Values;

    public Session? Find(long id) => _sessions.GetValueOrDefault(id);

    public Session Add(long id, int timeout, Instant now)
    {
        var session = new Session(id, timeout);
        Add(session, now);
        return session;
    }

    public void Add(Session session, Instant now)
    {
        _sessions.Add(session.Id, session);
        Touch(session, now);
    }

    public virtual void Remove(Session session) => _sessions.Remove(session.Id);

    /// <summary>The client was heard of.</summary>
    public abstract void Touch(Session session, Instant now);

    /// <summary>Takes a session whose time is over, or null; it is still known.</summary>
    public virtual Session? TakeExpired(Instant now) => null;

    /// <summary>The sessions in order of the time at which they end, for those who ask.</summary>
    public virtual IEnumerable<(long Expiry, List<Session> Sessions)> Buckets() => [];
}

/// <summary>
/// A learner's sessions: it only remembers whom it has heard of, and tells the leader, who alone lets sessions expire.
/// </summary>
internal sealed class TouchedSessions : SessionTracker
{
    private readonly List<Session> _touched = [];

    public override void Touch(Session session, Instant now)
    {
        if (session.Touched)
            return;
        session.Touched = true;
        _touched.Add(session);
    }

    /// <summary>The sessions heard of since the last call.</summary>
    public List<Session> TakeTouched()
    {
        var taken = _touched.ToList();
        foreach (var session in taken)
            session.Touched = false;
        _touched.Clear();
        return taken;
    }
}

/// <summary>
/// Sessions that expire. Deadlines are rounded up to ticks, so that a request costs nothing while its session stays in
/// the same bucket, and all sessions of a bucket end together.
/// </summary>
internal sealed class ExpiringSessions(int tickTime) : SessionTracker
{
    private readonly Dictionary<long, Session> _buckets = [];
    private long _nextBucket;

    public override void Remove(Session session)
    {
        base.Remove(session);
        Unlink(session);
    }

    public override void Touch(Session session, Instant now)
    {
        var expiry = (((now.Milliseconds + session.Timeout) / tickTime) + 1) * tickTime;
        if (expiry == session.Expiry || session.Closing)
            return;
        Unlink(session);
        session.Expiry = expiry;
        if (_buckets.TryGetValue(expiry, out var first))
        {
            session.NextInBucket = first;
            first.PreviousInBucket = session;
        }

        _buckets[expiry] = session;
        if (_nextBucket == 0 || expiry < _nextBucket)
            _nextBucket = expiry;
    }

    public override Session? TakeExpired(Instant now)
    {
        while (_buckets.Count > 0 && _nextBucket <= now.Milliseconds)
        {
            if (_buckets.TryGetValue(_nextBucket, out var session))
            {
                Unlink(session);
                return session;
            }

            _nextBucket += tickTime;
        }

        return null;
    }

    public override IEnumerable<(long Expiry, List<Session> Sessions)> Buckets()
    {
        foreach (var (expiry, first) in _buckets.OrderBy(bucket => bucket.Key))
        {
            var sessions = new List<Session>();
            for (var session = first; session is not null; session = session.NextInBucket)
                sessions.Add(session);
            yield return (expiry, sessions);
        }
    }

    private void Unlink(Session session)
    {
        if (session.Expiry == 0)
            return;
        if (session.PreviousInBucket is { } previous)
            previous.NextInBucket = session.NextInBucket;
        else if (session.NextInBucket is { } next)
            _buckets[session.Expiry] = next;
        else
            _buckets.Remove(session.Expiry);
        if (session.NextInBucket is { } following)
            following.PreviousInBucket = session.PreviousInBucket;
        session.NextInBucket = session.PreviousInBucket = null;
        session.Expiry = 0;
    }
}
