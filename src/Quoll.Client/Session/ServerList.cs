namespace Quoll.Client.Session;

/// <summary>
/// Whom to try next, and when: the servers in an order drawn by chance, the next one each time. While there are servers that were not
/// tried the pause is short; it doubles with every round of failures. Every pause is drawn, so that clients do not come all at once.
/// </summary>
internal sealed class ServerList
{
    private readonly Random _random;
    private readonly TimeSpan _shortest;
    private readonly TimeSpan _longest;
    private ServerAddress[] _servers;
    private int _next;
    private int _failures;

    public ServerList(IReadOnlyList<ServerAddress> servers, Random random, TimeSpan shortest, TimeSpan longest)
    {
        (_random, _shortest, _longest) = (random, shortest, longest);
        _servers = Shuffled(servers);
    }

    public int Count => _servers.Length;

    public ServerAddress Next()
    {
        var server = _servers[_next];
        _next = (_next + 1) % _servers.Length;
        return server;
    }

    /// <summary>A server served: the next failure is the first.</summary>
    public void OnServed() => _failures = 0;

    /// <summary>How long to wait before the next attempt, after one more failure.</summary>
    public TimeSpan Pause()
    {
        var rounds = Math.Min(_failures++ / _servers.Length, 30);
        var most = Math.Min(_shortest.Ticks * (double)(1L << rounds), _longest.Ticks);
        // A first attempt may come at once; what has failed a whole round waits at least half of its time.
        var least = rounds == 0 ? 0 : most / 2;
        return TimeSpan.FromTicks((long)(least + (_random.NextDouble() * (most - least))));
    }

    /// <summary>Other servers from now on; true if the one given is not among them.</summary>
    public bool Replace(IReadOnlyList<ServerAddress> servers, ServerAddress? current)
    {
        _servers = Shuffled(servers);
        (_next, _failures) = (0, 0);
        return current is not null && !servers.Contains(current);
    }

    /// <summary>Whom to ask whether it has a quorum; the one that answers so is tried first.</summary>
    public ServerAddress Candidate() => Next();

    public void Prefer(ServerAddress server)
    {
        var at = Array.IndexOf(_servers, server);
        if (at >= 0)
            _next = at;
    }

    private ServerAddress[] Shuffled(IReadOnlyList<ServerAddress> servers)
    {
        var shuffled = servers.Distinct().ToArray();
        _random.Shuffle(shuffled);
        return shuffled;
    }
}
