using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quoll.Core;
using Quoll.Server.Admin;
using Quoll.Server.Clients;
using Quoll.Server.Config;
using Quoll.Server.Peers;
using Quoll.Storage;

namespace Quoll.Server;

/// <summary>
/// A running server: the peer with its disk, its clock and its sockets. Starting brings back what the disk has and opens the port;
/// stopping answers what is under way, and leaves everything on disk.
/// </summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private const long LeastPreallocated = 64 * 1024;
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(500);
    private readonly ServerConfig _config;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly ServerCounters _counters = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DataDirectory? _directory;
    private LogWriter? _log;
    private SnapshotThread? _snapshots;
    private PeerLoop? _loop;
    private PeerPorts? _ports;
    private ClientListener? _listener;
    private KestrelServer? _kestrel;
    private Timer? _ticks;
    private Timer? _purge;

    public ServerHost(ServerConfig config, ILoggerFactory loggers)
    {
        _config = config;
        _loggers = loggers;
        _logger = loggers.CreateLogger("Quoll.Server");
    }

    /// <summary>Ends with the reason when the server can't go on, because of its disk or because it broke its own rules.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Where clients are served; known once it has started.</summary>
    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.None, 0);

    /// <exception cref="StorageException">The data directory can't be used.</exception>
    /// <exception cref="IOException">The port can't be opened.</exception>
    public async Task StartAsync()
    {
        var clock = Stopwatch.StartNew();
        _logger.Starting(ServerCounters.OwnVersion, _config.File ?? "defaults");
        var options = PeerOptionsOf(_config);
        try
        {
            StartPeer(options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the data directory {_config.Storage.DataDir} can't be used: {e.Message}");
        }

        await ListenAsync();
        _ports?.Start();
        var tick = TimeSpan.FromMilliseconds(Math.Clamp(options.TickTime / 4, 10, 500));
        _ticks = new Timer(_ => Tick(), null, tick, tick);
        if (_config.Purge.Interval is { } interval)
            _purge = new Timer(_ => Purge(), null, TimeSpan.Zero, interval);
        _logger.Serving(EndPoint.ToString(), (long)clock.Elapsed.TotalMilliseconds);
    }

    /// <summary>Ends all connections, and returns once everything taken is on disk.</summary>
    public async Task StopAsync()
    {
        _logger.Stopping();
        await DisposeTimersAsync();
        _listener?.AbortAll();
        if (_ports is not null)
            await _ports.DisposeAsync();
        if (_kestrel is not null)
        {
            using var patience = new CancellationTokenSource(StopPatience);
            await _kestrel.StopAsync(patience.Token);
        }

        // What was taken before is on disk when the log's thread has ended.
        _log?.Dispose();
        var zxid = _loop is { } loop && !Failed.IsCompleted
            ? await loop.AskAsync(peer => peer.LastProcessed.ToString())
            : "an unknown state";
        _snapshots?.Dispose();
        if (!Failed.IsCompleted)
            _logger.Stopped(zxid);
    }

    public async ValueTask DisposeAsync()
    {
        await DisposeTimersAsync();
        _kestrel?.Dispose();
        _directory?.Dispose();
    }

    private async ValueTask DisposeTimersAsync()
    {
        if (_ticks is not null)
            await _ticks.DisposeAsync();
        if (_purge is not null)
            await _purge.DisposeAsync();
    }

    private void Tick()
    {
        _loop!.Post(new Input(InputKind.Tick));
        _listener!.EndThoseWhoLinger();
    }

    private void StartPeer(PeerOptions options)
    {
        _directory = new DataDirectory(_config.Storage, new FileDisk());
        var history = new HistoryOnDisk(_directory, _config, options, _logger);
        var (state, empty) = history.Read();
        if (empty)
            CheckEmpty(state);

        var peer = new QuorumPeer(options, state, PeerLoop.Now, PeerLoop.WallClock);
        StartDisk(peer, history);
        if (empty && !state.IsLost)
            WriteFirstSnapshot(peer);

        // Only now: from here on the peer belongs to whoever has an input.
        _log!.Start();
        _snapshots!.Start();
    }

    private void CheckEmpty(RecoveredState state)
    {
        if (_directory!.MayBeNew(_config.Storage))
        {
            _logger.NewServer(_directory.Snapshots);
            return;
        }

        var marker = DataDirectory.MarkerOfNew(_config.Storage);
        if (_config.Quorum.Ensemble is not { Voters.Count: > 1 })
        {
            throw new StorageException(
                $"{_config.Storage.DataDir} is empty, and db.autocreate=false. If it is to be new, create the file {marker}");
        }

        state.IsLost = true;
        _logger.LostServer(_directory.Snapshots, marker);
    }

    private void StartDisk(QuorumPeer peer, HistoryOnDisk history)
    {
        var storage = _config.Storage;

        // Something is always reserved: by this a full disk is known in time, and a log that broke off from one that was ended.
        var ahead = Math.Max(storage.PreallocateBytes, LeastPreallocated);
        var log = new TxnLog(_directory!.Disk, _directory.Logs, new TxnLogOptions(ahead, storage.LogFileBytes ?? 0, storage.ForceSync));
        _log = new LogWriter(log, history, storage.SlowSyncWarning)
        {
            OnFailure = Fail,
            OnSynced = _counters.AddSync,
            OnSlowSync = took => _logger.SlowSync((long)took.TotalMilliseconds),
        };
        _snapshots = new SnapshotThread(_directory, storage.Compression)
        {
            OnWritten = (path, bytes) =>
            {
                _counters.SnapshotsWritten++;
                _logger.SnapshotWritten(path, bytes);
            },
            OnFailure = e => _logger.SnapshotFailed(e.Message),
        };
        _loop = new PeerLoop(peer, _log, _snapshots, _logger.Notice, Fail)
        {
            NewcomerPatience = _config.Ticks.SessionlessTimeout,
            OnCutOff = connection => _logger.CutOff(connection.Client!.SessionId, connection.Address),
        };
        if (_config.Quorum.Ensemble is not null)
        {
            _ports = new PeerPorts(_config, _loop, _directory, _loggers);
            _loop.Links = _ports.Links;
        }

        _log.Loop = _loop;
        _log.Snapshots = _snapshots;
        _snapshots.Loop = _loop;
    }

    // A log without a snapshot is taken for a damaged directory, by us and by Apache's server: the first comes before any change.
    private void WriteFirstSnapshot(QuorumPeer peer)
    {
        var effects = peer.Outbox.Disk.Effects;
        peer.BeginSnapshot();
        while (effects.FindIndex(effect => LogWriter.IsForSnapshots(effect.Kind)) is >= 0 and var next)
        {
            var effect = effects[next];
            effects.RemoveAt(next);
            _snapshots!.Write(effect);
            if (effect.Kind == DiskEffectKind.SnapshotBytes)
                peer.OnSnapshotWritten();
            else if (effect.Kind == DiskEffectKind.EndSnapshot)
                peer.OnSnapshotSaved(effect.Zxid);
        }
    }

    private async Task ListenAsync()
    {
        var words = new FourLetterWords(_config, _counters, _directory!, () => EndPoint.Port);
        _listener = new ClientListener(_config, _loop!, words, _loggers.CreateLogger("Quoll.Server.Clients"));
        var transport = KestrelSockets.Create(_loggers, sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.MaxReadBufferSize = 256 * 1024;
            sockets.MaxWriteBufferSize = 1024 * 1024;
            if (_config.Listen.Backlog > 0)
                sockets.Backlog = _config.Listen.Backlog;
        });
        var kestrel = new KestrelServerOptions();
        if (_config.Listen.Address is { } address)
            kestrel.Listen(address, _config.Listen.Port, Handle);
        else
            kestrel.ListenAnyIP(_config.Listen.Port, Handle);

        _ports?.Listen(kestrel);

        // Kestrel without the host that usually surrounds it: the signals and the lifetime are ours.
        _kestrel = new KestrelServer(Options.Create(kestrel), transport, _loggers);
        await _kestrel.StartAsync(new NoHttp(), CancellationToken.None);
        EndPoint = BoundEndPoint();

        void Handle(ListenOptions listen) => listen.Run(_listener.OnConnectedAsync);
    }

    private IPEndPoint BoundEndPoint()
    {
        var addresses = _kestrel!.Features.Get<IServerAddressesFeature>()!.Addresses;
        var bound = new Uri(addresses.First());
        return new IPEndPoint(IPAddress.TryParse(bound.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Any, bound.Port);
    }

    private void Purge()
    {
        try
        {
            var removed = Retention.Purge(_directory!.Disk, _directory.Snapshots, _directory.Logs, _config.Purge.SnapshotsKept);
            if (removed.Count == 0)
                return;
            _logger.Purged(removed.Count);
            var oldest = DataFiles.Snapshots(_directory.Disk, _directory.Snapshots)[0].Zxid;
            _loop?.Tell(peer => peer.OnPurged(oldest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.PurgeFailed(e.Message);
        }
    }

    private void Fail(Exception e)
    {
        _logger.Failed(e is IOException ? "its disk failed" : "it broke its own rules", e);
        _failed.TrySetResult(e);
    }

    private static PeerOptions PeerOptionsOf(ServerConfig config) => new()
    {
        Seed = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()),
        Ensemble = config.Quorum.Ensemble,
        ServerId = config.Quorum.Ensemble is null ? 1 : config.Quorum.ServerId,
        LocalSessions = config.Quorum.HasLocalSessions,
        UpgradesLocalSessions = config.Quorum.UpgradesLocalSessions,
        ServesReadOnly = config.Commands.ReadOnlyMode,
        ElectionAlg = config.Quorum.ElectionAlg,
        InitLimit = config.Quorum.InitLimit,
        SyncLimit = config.Quorum.SyncLimit,
        FollowersServeObservers = config.Quorum.ObserverMasterPort > 0,
        TickTime = (int)config.Ticks.TickTime.TotalMilliseconds,
        MinSessionTimeout = (int)config.Ticks.MinSessionTimeout.TotalMilliseconds,
        MaxSessionTimeout = (int)config.Ticks.MaxSessionTimeout.TotalMilliseconds,
        MaxTxn = config.Limits.MaxTxn,
        OutstandingLimit = config.Limits.OutstandingRequests,
        ExtendedTypesEnabled = config.Tree.ExtendedTypes,
        Emulate353TtlNodes = config.Tree.Emulate353TtlNodes,
        DigestEnabled = config.Tree.Digest,
        CloseSessionTxnEnabled = config.Tree.CloseSessionTxn,
        SerializeLastProcessedZxid = config.Storage.SerializeLastZxid,
        SkipAcl = config.Tree.SkipAcl,
        EnforceQuota = config.Tree.EnforceQuota,
        SuperDigest = config.Auth.SuperDigest,
        DigestAuthenticationEnabled = config.Auth.DigestEnabled,
        DigestAlgorithm = config.Auth.DigestAlgorithm,
        EnforcedAuthSchemes = config.Auth.Enforced ? config.Auth.EnforcedSchemes : [],
        SnapCount = config.Storage.SnapshotAfterTxns,
        SnapSizeLimit = config.Storage.SnapshotAfterLogBytes ?? 0,
        ContainerCheckInterval = (int)config.Containers.CheckInterval.TotalMilliseconds,
        ContainerMaxPerMinute = config.Containers.MaxPerMinute,
        ContainerMaxNeverUsed = (long)(config.Containers.MaxNeverUsed?.TotalMilliseconds ?? 0),
    };

    /// <summary>Kestrel wants an application for HTTP; no connection here ever gets that far.</summary>
    private sealed class NoHttp : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => throw new UnreachableException();

        public Task ProcessRequestAsync(object context) => throw new UnreachableException();

        public void DisposeContext(object context, Exception? exception)
        {
        }
    }
}
