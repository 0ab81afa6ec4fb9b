using System.Net.Security;
using Microsoft.Extensions.Logging;
using Quoll.Client.Session;

namespace Quoll.Client;

/// <summary>What a client is told when it is made. All of it has a default but the servers.</summary>
public sealed record ZooKeeperClientOptions
{
    /// <summary>
    /// The servers, and what paths are relative to: <c>host1:2181,host2,[::1]:2182/app</c>. Without a port, 2181. Names are resolved anew
    /// for each connection.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// How long a session outlives its connection. The server may grant another, between 2 and 20 of its ticks if nobody changed that.
    /// </summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for one server's connection and greeting; at most the session's timeout divided by the number of
    /// servers.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request may take in all, the time without a connection included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The pause before a server is tried, at most, while there are servers that were not tried; after that it doubles with each round up
    /// to
    /// <see cref="MaxReconnectDelay"/>. The pause is drawn by chance up to these, so that not all clients come at once.
    /// </summary>
    public TimeSpan ReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause between two attempts to connect.</summary>
    public TimeSpan MaxReconnectDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What is taken off the session's timeout before the session is no longer counted on. A server whose client's last sign of life was
    /// not yet with the leader when it died costs up to half a tick of its; default: a third of the timeout, at most two seconds.
    /// </summary>
    public TimeSpan? LeaseMargin { get; init; }

    /// <summary>Whether a server without a quorum will do, for reads, until another is found.</summary>
    public bool AllowReadOnly { get; init; }

    /// <summary>Whether to connect by TLS, and how; host names are checked unless this says otherwise. Made anew for each connection, so
    /// that certificates can change.</summary>
    public Func<SslClientAuthenticationOptions>? Tls { get; init; }

    /// <summary>Who the client is, from its first request on.</summary>
    public IReadOnlyList<Credential> Credentials { get; init; } = [];

    /// <summary>A session to go on with, which another client had, in place of a new one.</summary>
    public (long Id, ReadOnlyMemory<byte> Password)? ResumeSession { get; init; }

    /// <summary>Requests that may be under way or wait for a connection; one more fails at once.</summary>
    public int MaxPendingRequests { get; init; } = 100_000;

    /// <summary>The largest answer that is taken, in bytes; a server that sends more is left. Lists of children are the largest
    /// answers.</summary>
    public int MaxResponse { get; init; } = 64 << 20;

    /// <summary>Events that a stream keeps for a slow reader; one more, and they become one <see cref="WatchEventKind.Resync"/>.</summary>
    public int WatchBuffer { get; init; } = 1024;

    /// <summary>Where the client's log goes; nowhere if null.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock and its timers. Only the monotonic clock is used.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How a server is reached, in place of TCP: host and port to a stream of bytes. TLS, if any, comes on top of it.</summary>
    public Func<string, int, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>Where callers go on; on the thread pool if null.</summary>
    internal Action<IThreadPoolWorkItem>? Schedule { get; init; }

    /// <summary>Where chance comes from; from the system if null.</summary>
    internal int? Seed { get; init; }

    internal TimeSpan MarginFor(TimeSpan timeout)
    {
        var margin = LeaseMargin ?? TimeSpan.FromTicks(Math.Min(timeout.Ticks / 3, 2 * TimeSpan.TicksPerSecond));
        return margin < timeout ? margin : timeout;
    }

    /// <summary>Says what is wrong with these options, as making a client of them would.</summary>
    /// <exception cref="ArgumentException">One of them is not as it must be.</exception>
    public void Validate() => ParseServers();

    internal ServerAddresses ParseServers()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ConnectionString);
        Require(SessionTimeout > TimeSpan.Zero && SessionTimeout.TotalMilliseconds <= int.MaxValue, nameof(SessionTimeout));
        Require(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout));
        Require(RequestTimeout > TimeSpan.Zero, nameof(RequestTimeout));
        Require(ReconnectDelay >= TimeSpan.Zero, nameof(ReconnectDelay));
        Require(MaxReconnectDelay >= ReconnectDelay, nameof(MaxReconnectDelay));
        Require(LeaseMargin is not { } margin || margin >= TimeSpan.Zero, nameof(LeaseMargin));
        Require(MaxPendingRequests > 0, nameof(MaxPendingRequests));
        Require(MaxResponse > 1024, nameof(MaxResponse));
        Require(WatchBuffer > 0, nameof(WatchBuffer));
        return ServerAddresses.Parse(ConnectionString);
    }

    private static void Require(bool holds, string option)
    {
        if (!holds)
            throw new ArgumentException($"{option} is out of its range.");
    }
}
