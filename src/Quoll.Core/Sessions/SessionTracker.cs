namespace Quoll.Core.Sessions;

/// <summary>
/// The sessions and when they expire. Deadlines are rounded up to ticks, so that a request costs nothing while its session stays in
/// the same bucket, and all sessions of a bucket end together.
/// </summary>
internal sealed class SessionTracker(int tickTime)
{
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly Dictionary<long, Session> _buckets = [];
    private long _nextBucket;

    public int Count => _sessions.Count;

    public IEnumerable<Session> All => _sessions.Values;

    public Session? Find(long id) => _sessions.GetValueOrDefault(id);

    public Session Add(long id, int timeout, Instant now)
    {
        var session = new Session(id, timeout);
        _sessions.Add(id, session);
        Touch(session, now);
        return session;
    }

    public void Remove(Session session)
    {
        _sessions.Remove(session.Id);
        Unlink(session);
    }

    /// <summary>The client was heard of.</summary>
    public void Touch(Session session, Instant now)
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

    /// <summary>Takes a session whose time is over, or null; it is no longer in a bucket, but still known.</summary>
    public Session? TakeExpired(Instant now)
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

    /// <summary>The buckets in order of time, for those who ask.</summary>
    public IEnumerable<(long Expiry, List<Session> Sessions)> Buckets()
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
