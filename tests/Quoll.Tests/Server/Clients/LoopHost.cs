using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Quoll.Core;
using Quoll.Server;
using Quoll.Server.Clients;
using Quoll.Server.Config;
using Quoll.Server.Peers;
using Quoll.Storage;

namespace Quoll.Tests.Server.Clients;

/// <summary>The host's loop over a real log in a directory of its own, with pipes for sockets.</summary>
internal sealed class LoopHost : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("quoll-loop-").FullName;
    private readonly DataDirectory _data;
    private readonly LogWriter _log;
    private readonly SnapshotThread _snapshots;
    private readonly Dialer _dialer = new(TimeSpan.FromSeconds(5), keepAlive: false);

    public LoopHost()
    {
        _data = new DataDirectory(new() { DataDir = _directory, LogDir = _directory }, new FileDisk());
        var options = new PeerOptions();
        var peer = new QuorumPeer(options, new RecoveredState(options), PeerLoop.Now, PeerLoop.WallClock);
        var log = new TxnLog(_data.Disk, _data.Logs, new TxnLogOptions(PreAllocSize: 64 * 1024, ForceSync: false));
        var history = new HistoryOnDisk(_data, new ServerConfig(), options, NullLogger.Instance);
        _log = new LogWriter(log, history, TimeSpan.FromMinutes(1)) 
        {
            OnFailure = Failures.Add,
            OnSynced = _ => { },
            OnSlowSync = _ => { },
        };
        _snapshots = new SnapshotThread(_data, SnapshotCompression.None) { OnWritten = (_, _) => { }, OnFailure = Failures.Add };
        Loop = new PeerLoop(peer, _log, _snapshots, _ => { }, Failures.Add) { NewcomerPatience = TimeSpan.FromMilliseconds(-1) };
        Links = new PeerLinks(
            new ServerConfig(), Loop, new NoElections(), _dialer, new HistorySender(_data, 1024 * 1024, NullLogger.Instance),
            NullLogger.Instance);
        Loop.Links = Links;
        _log.Loop = Loop;
        _snapshots.Loop = Loop;
        _log.Start();
        _snapshots.Start();
    }

    public PeerLoop Loop { get; }

    public PeerLinks Links { get; }

    public List<Exception> Failures { get; } = [];

    /// <summary>A connection whose reader stops the server from writing on once so many bytes are unread.</summary>
    public PipeClient Connect(int window = 64 * 1024)
    {
        // What a client sends is worked on in its call; a test goes on elsewhere than on the threads under test.
        var inline = new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);
        var toServer = new Pipe(inline);
        var toClient = new Pipe(new PipeOptions(
            writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: window,
            resumeWriterThreshold: window / 2, useSynchronizationContext: false));
        var context = new DefaultConnectionContext(
            "test", new Ends(toServer.Reader, toClient.Writer), new Ends(toClient.Reader, toServer.Writer));
        var connection = new ClientConnection(context, Loop, "127.0.0.1", 0xfffff);
        return new PipeClient(context, toServer.Writer, toClient.Reader, ServeAsync());

        // As the listener does, which looks at the first bytes before there is a connection.
        async Task ServeAsync() => await connection.RunAsync((await toServer.Reader.ReadAtLeastAsync(4)).Buffer);
    }

    public void Dispose()
    {
        _log.Dispose();
        _snapshots.Dispose();
        _dialer.Dispose();
        _data.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>What a pair of pipes' ends is to those who use a connection.</summary>
    internal sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }

    /// <summary>A server that stands alone has nobody to elect.</summary>
    private sealed class NoElections : IElectionPort
    {
        public void Start()
        {
        }

        public void Take(in PeerEffect effect, ReadOnlySpan<byte> bytes) =>
            throw new InvalidOperationException("a server that stands alone says nothing to others");

        public ValueTask DisposeAsync() => default;
    }
}
