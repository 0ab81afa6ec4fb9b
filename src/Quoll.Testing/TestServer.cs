using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Quoll.Core;
using Quoll.Testing.Hosting;

namespace Quoll.Testing;

/// <summary>One server of a <see cref="TestEnsemble"/>. It may be stopped and started again; what its disk has outlives it.</summary>
public sealed class TestServer
{
    private readonly EventLoop _loop;
    private readonly TestEnsemble _ensemble;
    private readonly PeerNetwork _network;

    internal TestServer(EventLoop loop, TestEnsemble ensemble, PeerNetwork network, PeerOptions options, Action<string> log)
    {
        _loop = loop;
        _ensemble = ensemble;
        _network = network;
        Process = new ServerProcess(loop, network, options, log);
        network.Servers.Add(options.ServerId, Process);
    }

    /// <summary>Its number, from 1.</summary>
    public int Id => (int)Process.Id;

    /// <summary>The name by which <see cref="TestEnsemble.ConnectAsync"/> knows it: <c>server-1</c>, <c>server-2</c> and so on.</summary>
    public string Host => string.Create(CultureInfo.InvariantCulture, $"server-{Id}");

    /// <summary>
    /// The port of 127.0.0.1 where other clients reach it, the same as long as the ensemble lives; null without
    /// <see cref="TestEnsembleOptions.ListenOnLoopback"/>.
    /// </summary>
    public IPEndPoint? EndPoint => Port?.EndPoint;

    /// <summary>It was started, and neither stopped nor crashed since.</summary>
    public bool IsRunning => _loop.Ask(() => Process.Peer is not null);

    /// <summary>It serves clients: it leads, or follows a leader and has what that has.</summary>
    public bool IsServing => _loop.Ask(() => Process.IsServing);

    /// <summary>
    /// It leads the ensemble, or does not know yet that it does no longer. A server that stands alone leads as long as it runs.
    /// </summary>
    public bool IsLeader => _loop.Ask(() => Process.IsLeading);

    /// <summary>The zxid of the last transaction that it has applied; 0 while it is down.</summary>
    public long LastZxid => _loop.Ask(() => Process.Peer?.LastProcessed.Value ?? 0);

    internal ServerProcess Process { get; }

    internal LoopbackPort? Port { get; set; }

    /// <summary>
    /// Starts it from what its disk has; nothing happens if it runs. Where nothing is delayed and enough others run, it serves when this is
    /// done; else see <see cref="WaitUntilServingAsync"/>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public Task StartAsync() => _ensemble.DoAsync(Process.Start);

    /// <summary>
    /// Stops it in order, nothing happens if it does not run: what it has taken is on its disk, and connections to it are closed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public Task StopAsync() => _ensemble.DoAsync(Process.Stop);

    /// <summary>
    /// Ends it as if the power went: connections break, and what was not synced is lost from its disk. Nothing that a client was told is
    /// among that.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public Task CrashAsync() => _ensemble.DoAsync(Process.Crash);

    /// <summary>
    /// Done once it serves clients. That may take the ensemble's time: with a <see cref="TestClock"/>, somebody must move it.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="OperationCanceledException">The token said so, or the ensemble was disposed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public Task WaitUntilServingAsync(CancellationToken cancellationToken = default) =>
        _ensemble.WaitAsync(() => Process.IsServing, cancellationToken);

    /// <summary>Connects to it, as a client does to its port.</summary>
    /// <param name="cancellationToken">Not waited for: the connection is there at once, or refused.</param>
    /// <exception cref="SocketException">It is down or isolated: connection refused.</exception>
    /// <exception cref="ObjectDisposedException">The ensemble was disposed.</exception>
    public ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<Stream>(cancellationToken);
        _ensemble.ThrowIfOver();
        ClientConnection? connection = null;
        _loop.Do(() =>
        {
            if (Process.Peer is null || Process.IsIsolated)
                return;
            connection = _ensemble.NewConnection(Process);
            connection.Open();
        });
        return connection is null
            ? ValueTask.FromException<Stream>(new SocketException((int)SocketError.ConnectionRefused))
            : ValueTask.FromResult<Stream>(new ClientStream(_loop, connection));
    }

    /// <summary>Its name.</summary>
    public override string ToString() => Host;
}
