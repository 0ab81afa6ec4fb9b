using Quoll.Core;
using Quoll.Core.Quorum;

namespace Quoll.Testing;

/// <summary>What a <see cref="TestEnsemble"/> is to be like.</summary>
public sealed record TestEnsembleOptions
{
    /// <summary>How many servers: 1, which then stands alone, to 9. The default is 1.</summary>
    public int Servers { get; init; } = 1;

    /// <summary>The clock that the servers live by: a <see cref="TestClock"/>, or any other. The default is the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Where the servers' chance comes from, such as when they write snapshots. With a <see cref="TestClock"/>, the same seed and the same
    /// calls, one after the other, give the same run.
    /// </summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// The unit in which servers count time; from 10 ms to 10 s. A session ends at the end of the tick in which its timeout is over: up to
    /// one tick late, or two if its client is connected to a follower. The default of 100 ms is shorter than a real server's 2 or 3 s, so
    /// that tests are told sooner.
    /// </summary>
    public TimeSpan TickTime { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The shortest session timeout; a client that asks for a shorter one gets this. The default is 100 ms.</summary>
    public TimeSpan MinSessionTimeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest session timeout; a client that asks for a longer one gets this. The default is 60 s.</summary>
    public TimeSpan MaxSessionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Znodes with a time to live may be made (<c>zookeeper.extendedTypesEnabled</c>). The default is that they may.</summary>
    public bool ExtendedTypes { get; init; } = true;

    /// <summary>The digest identity that may do everything, <c>super:</c> and a hash in base64; null, the default, for none.</summary>
    public string? SuperDigest { get; init; }

    /// <summary>
    /// Each server can be reached at a port of 127.0.0.1 as well, by clients that know nothing of streams. The system chooses the ports:
    /// see <see cref="TestServer.EndPoint"/>. The default is that no port is opened.
    /// </summary>
    public bool ListenOnLoopback { get; init; }

    /// <summary>
    /// Called with each thing that happens to a server, such as an election or the end of a session, as a line of text. It is called while
    /// no server can go on: it must not wait for any of them. The default is that nobody is told.
    /// </summary>
    public Action<string>? Log { get; init; }

    /// <summary>What one of the servers is told.</summary>
    internal PeerOptions ForServer(long id, EnsembleConfig? config) => new()
    {
        Seed = ((ulong)(uint)Seed << 8) + (ulong)id,
        ServerId = id,
        Ensemble = config,
        TickTime = (int)TickTime.TotalMilliseconds,
        MinSessionTimeout = (int)MinSessionTimeout.TotalMilliseconds,
        MaxSessionTimeout = (int)MaxSessionTimeout.TotalMilliseconds,

        // As long as at a real server with a tick of 2 s, or nearly: elections should not depend on how short the tick is.
        InitLimit = (int)Math.Max(10, TimeSpan.FromSeconds(20) / TickTime),
        SyncLimit = (int)Math.Max(5, TimeSpan.FromSeconds(10) / TickTime),
        ExtendedTypesEnabled = ExtendedTypes,
        SuperDigest = SuperDigest,
    };

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Servers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Servers, 9);
        ArgumentOutOfRangeException.ThrowIfLessThan(TickTime, TimeSpan.FromMilliseconds(10));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TickTime, TimeSpan.FromSeconds(10));
        ArgumentOutOfRangeException.ThrowIfLessThan(MinSessionTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessionTimeout, MinSessionTimeout);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}
