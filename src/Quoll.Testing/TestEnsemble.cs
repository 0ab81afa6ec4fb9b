using System.Net.Sockets;
using Quoll.Client;
using Quoll.Core;
using Quoll.Core.Quorum;
using Quoll.Protocol;
using Quoll.Testing.Hosting;
using Member = Quoll.Core.Quorum.Member;

namespace Quoll.Testing;

/// <summary>
/// One ZooKeeper server, or several that elect a leader, inside the test's process: no port, no thread, nothing on disk. They are the real
/// ones, from election to log and recovery; in memory are their connections and their disks. Any number may run beside each other.
/// </summary>
public sealed class TestEnsemble : IAsyncDisposable
{
    private const int ClientPort = 2181;
    private readonly EventLoop _loop;
    private readonly Settling _settling;
    private readonly TimeProvider _time;
    private readonly TestClock? _clock;
    private Exception? _failure;
    private bool _disposed;

    private TestEnsemble(TestEnsembleOptions options)
    {
        var tick = options.TickTime;
        _loop = new EventLoop(options.TimeProvider, tick / 2, longestStep: tick) { OnFailure = e => _failure = e };
        _settling = new Settling(_loop, options.TimeProvider as TestClock);
        _time = options.TimeProvider;
        _clock = options.TimeProvider as TestClock;
        _clock?.AddSettling(_settling.Wait);
        var network = new PeerNetwork(_loop);
        Faults = new TestFaults(this, network);
        var members = Enumerable.Range(1, options.Servers).Select(MemberOf).ToList();
        var config = members.Count > 1 ? new EnsembleConfig(members) : null;
        Servers = [.. members.Select(
            member => new TestServer(_loop, this, network, options.ForServer(member.Id, config), options.Log ?? (static _ => { })))];
        _loop.OnTick = () =>
        {
            foreach (var server in network.Servers.Values)
                server.Tick();
        };
    }

    /// <summary>The servers, in the order of their numbers. Stopped ones stay in the list.</summary>
    public IReadOnlyList<TestServer> Servers { get; }

    /// <summary>What goes wrong.</summary>
    public TestFaults Faults { get; }

    /// <summary>
    /// All servers for a client that connects by <see cref="ConnectAsync"/>: <c>server-1:2181,server-2:2181,server-3:2181</c>.
    /// </summary>
    public string ConnectionString => string.Join(',', Servers.Select(server => $"{server.Host}:{ClientPort}"));

    /// <summary>
    /// All servers for other clients: <c>127.0.0.1</c> with a port for each.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Without <see cref="TestEnsembleOptions.ListenOnLoopback"/> there are no ports.
    /// </exception>
    public string LoopbackConnectionString => string.Join(',', Servers.Select(server =>
        server.EndPoint ?? throw new InvalidOperationException("the ensemble was not told to listen on loopback")));

    /// <summary>
    /// The server that leads now; null while there is none. One that stands alone leads. A leader that lost the others gives up within a
    /// tick; until then there may be two, and this is the newer one.
    /// </summary>
    public TestServer? Leader => _loop.Ask(
        () => Servers.Where(server => server.Process.IsLeading).MaxBy(server => server.Process.Peer!.LeadsInEpoch ?? 0));

    /// <summary>Makes an ensemble, starts its servers, and waits until all of them serve, which takes no time of their clock.</summary>
    /// <param name="options">What it is to be like; null for one server on the system's clock.</param>
    /// <param name="cancellationToken">Ends the waiting; the ensemble is disposed then.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its bounds.</exception>
    /// <exception cref="OperationCanceledException">The token said so.</exception>
    public static async Task<TestEnsemble> StartAsync(TestEnsembleOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new TestEnsembleOptions();
        options.Check();
        var ensemble = new TestEnsemble(options);
        try
        {
            if (options.ListenOnLoopback)
            {
                foreach (var server in ensemble.Servers)
                    server.Port = new LoopbackPort(server.ConnectAsync);
            }

            ensemble.Do(() =>
            {
                foreach (var server in ensemble.Servers)
                    server.Process.Start();
            });
            await ensemble.WaitAsync(
                () => ensemble.Servers.All(server => server.Process.IsServing), cancellationToken).ConfigureAwait(false);
            return ensemble;
        }
        catch
        {
            await ensemble.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects to a server by its name, as a client does that was given the <see cref="ConnectionString"/>.</summary>
    /// <param name="host">The name: <c>server-1</c>, <c>server-2</c> and so on.</param>
    /// <param name="port">2181.</param>
    /// <param name="cancellationToken">Not waited for: the connection is there at once, or refused.</param>
    /// <exception cref="SocketException">There is no such server, or it is down or isolated: connection refused.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        Servers.FirstOrDefault(server => server.Host == host && port == ClientPort) is { } server
            ? server.ConnectAsync(cancellationToken)
            : ValueTask.FromException<Stream>(new SocketException((int)SocketError.ConnectionRefused));

    /// <summary>
    /// Makes a client of this ensemble, which lives by its clock: when a <see cref="TestClock"/> is moved, what the client does at each
    /// moment, and what its callers do when it lets them go on, is done before the clock moves past it. Not waited for is who goes on by a
    /// synchronization context.
    /// </summary>
    /// <param name="configure">Changes options before the client is made; null leaves them as they are.</param>
    /// <returns>The client, which begins to connect at once. It is the caller's, to be disposed of before the ensemble.</returns>
    /// <exception cref="ArgumentException">An option is not as it must be.</exception>
    public ZooKeeperClient CreateClient(Func<ZooKeeperClientOptions, ZooKeeperClientOptions>? configure = null)
    {
        var options = new ZooKeeperClientOptions
        {
            ConnectionString = ConnectionString,
            Connect = ConnectAsync,
            TimeProvider = _time,
            Schedule = _settling.Work.Schedule,
        };
        return new ZooKeeperClient(configure is null ? options : configure(options));
    }

    /// <summary>Done once a server leads and serves. With a <see cref="TestClock"/>, somebody may have to move it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The leader.</returns>
    /// <exception cref="OperationCanceledException">The token said so, or the ensemble was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public async Task<TestServer> WaitForLeaderAsync(CancellationToken cancellationToken = default)
    {
        TestServer? leader = null;
        await WaitAsync(() => (leader = Leader) is not null, cancellationToken).ConfigureAwait(false);
        return leader!;
    }

    /// <summary>
    /// Ends a session as if its timeout were over: the leader lets it expire, its ephemeral znodes go on all servers, its connection is
    /// closed, and a client that comes back with it is told that it has expired. Done once the leader has applied that.
    /// </summary>
    /// <param name="sessionId">The session.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was begun.</param>
    /// <exception cref="InvalidOperationException">There is no leader, or it knows no such session.</exception>
    /// <exception cref="OperationCanceledException">The token said so, or the ensemble was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public async Task ExpireSessionAsync(long sessionId, CancellationToken cancellationToken = default)
    {
        var leader = TellLeader(peer => peer.TryExpire(sessionId) ? null : $"there is no session 0x{sessionId:x}");
        await WaitAsync(() => !IsSame(leader) || !leader.Peer.HasSession(sessionId), cancellationToken).ConfigureAwait(false);
        ThrowIfDeposed(leader);
    }

    /// <summary>
    /// Sets what number the next sequential znode below a parent gets, on all servers, for tests of what comes when numbers get long.
    /// 2147483647 is the last: as in Apache's server, the numbers stay there. Who watches the parent's children is told of a change. Done
    /// once the leader has applied that.
    /// </summary>
    /// <param name="parent">The path of the parent, which must exist.</param>
    /// <param name="next">The number; not less than what would come anyway.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was begun.</param>
    /// <exception cref="InvalidOperationException">
    /// There is no leader, or no such parent; or its number is higher already, or it may have no children.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token said so, or the ensemble was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public async Task SetSequenceAsync(string parent, int next, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parent);
        var zxid = default(Zxid);
        var leader = TellLeader(peer => peer.RaiseSequence(parent, next, out zxid) switch
        {
            ErrorCode.Ok => null,
            ErrorCode.NoNode => $"there is no znode {parent}",
            ErrorCode.BadVersion => $"{parent} counts higher already",
            var error => $"{parent}: {error}",
        });
        await WaitAsync(() => !IsSame(leader) || leader.Peer.LastProcessed >= zxid, cancellationToken).ConfigureAwait(false);
        ThrowIfDeposed(leader);
    }

    /// <summary>Ends all servers and connections. Nothing of the ensemble runs when it is done.</summary>
    /// <exception cref="InvalidOperationException">
    /// A server broke its own rules, which is a fault of Quoll's; the cause is inside.
    /// </exception>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        _clock?.RemoveSettling(_settling.Wait);
        _loop.Do(() =>
        {
            foreach (var server in Servers)
                server.Process.Crash();
        });
        _loop.Dispose();
        foreach (var server in Servers)
        {
            if (server.Port is { } port)
                await port.DisposeAsync().ConfigureAwait(false);
        }

        ThrowIfFailed();
    }

    internal ClientConnection NewConnection(ServerProcess server) =>
        new(_loop, server, Faults.Replies, _settling.Work, () => Faults.ClientDelay);

    internal void Do(Action what)
    {
        ThrowIfOver();
        _loop.Do(what);
        ThrowIfFailed();
    }

    internal Task DoAsync(Action what)
    {
        try
        {
            Do(what);
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
        {
            return Task.FromException(e);
        }
    }

    internal Task WaitAsync(Func<bool> condition, CancellationToken cancellation)
    {
        ThrowIfOver();
        return _loop.WaitAsync(condition, cancellation);
    }

    internal void ThrowIfOver()
    {
        ThrowIfFailed();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw new InvalidOperationException("a server of the ensemble broke its own rules", failure);
    }

    /// <summary>What is asked of the leader; it answers with what is wrong, or with null.</summary>
    private LeaderAsked TellLeader(Func<QuorumPeer, string?> what)
    {
        var asked = default(LeaderAsked);
        var wrong = "there is no leader";
        Do(() =>
        {
            if (Leader?.Process is not { Peer: { } peer } process)
                return;
            asked = new LeaderAsked(process, peer);
            process.Do(_ => wrong = what(peer));
        });
        return wrong is null ? asked : throw new InvalidOperationException(wrong);
    }

    private static bool IsSame(in LeaderAsked asked) => asked.Process.Peer == asked.Peer && asked.Process.IsLeading;

    private void ThrowIfDeposed(LeaderAsked asked)
    {
        if (!_loop.Ask(() => IsSame(asked)))
            throw new InvalidOperationException("the leader was lost before it was done");
    }

    private static Member MemberOf(int id) => new(id, [new MemberAddress($"server-{id}", 2888, 3888)], false, "0.0.0.0", ClientPort);

    /// <summary>A leader, in one of its lives.</summary>
    private readonly record struct LeaderAsked(ServerProcess Process, QuorumPeer Peer);
}
