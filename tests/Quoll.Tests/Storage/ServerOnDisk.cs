using System.Buffers;
using System.Buffers.Binary;
using Quoll.Core;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;
using Quoll.Storage;

namespace Quoll.Tests.Storage;

using Client = Quoll.Core.Requests.Client;

/// <summary>
/// A server with the real peer, log, snapshots and recovery on a <see cref="MemoryDisk"/>, in which nothing happens but what the test
/// wants to happen next. A second state replays everything that is logged, to tell what the first should be at each zxid.
/// </summary>
internal sealed class ServerOnDisk : IDisposable
{
    private readonly MemoryDisk _disk;
    private readonly SnapshotCompression _compression;
    private readonly TxnLog _log;
    private readonly Queue<DiskEffect> _snapshotEffects = new();
    private readonly Queue<Zxid> _appended = new();
    private readonly RecoveredState _shadow;
    private readonly Dictionary<Client, ErrorCode> _errors = [];
    private SnapshotFileWriter? _snapshot;
    private long _now = 1_000_000;

    public ServerOnDisk(
        MemoryDisk disk, PeerOptions? options = null, SnapshotCompression compression = SnapshotCompression.None, TxnLogOptions? log = null)
    {
        options ??= RecoveredDirectory.Options;
        _disk = disk;
        _compression = compression;
        Recovered = RecoveredDirectory.From(disk, options);
        _shadow = RecoveredDirectory.From(disk, options).State;
        Peer = new QuorumPeer(options, Recovered.State, new Instant(_now), _now);
        _log = new TxnLog(disk, LogFiles.Directory, log ?? LogFiles.Padded);
        States[State.LastZxid] = StateDump.Of(_shadow);
        if (Recovered.Report.Empty)
            WriteSnapshot();
    }

    public RecoveredDirectory Recovered { get; }

    public QuorumPeer Peer { get; }

    public RecoveredState State => Recovered.State;

    /// <summary>What the state is, or will be, at every zxid since the start.</summary>
    public Dictionary<Zxid, string> States { get; } = [];

    /// <summary>The newest zxid that a client was told of.</summary>
    public Zxid Promised => State.LastZxid;

    /// <summary>A snapshot is being written.</summary>
    public bool IsSnapshotting => _snapshotEffects.Count > 0 || _snapshot is not null;

    /// <summary>What the snapshot under way must come to: the state when it began.</summary>
    public (Zxid Zxid, string Dump) SnapshotBegun { get; private set; }

    /// <summary>Opens a connection and asks for a session; it is there after the next sync.</summary>
    public Client Connect()
    {
        Tick();
        var client = Peer.OnConnected("10.0.0.1", null);
        Peer.OnFrame(client, Encode(static (ref writer) => writer.Write(new ConnectRequest(0, 0, 10_000, 0, new byte[16]))));
        Take();
        return client;
    }

    public void Send(Client client, OpCode op, Txns.Body body)
    {
        Tick();
        Peer.OnFrame(client, Encode((ref writer) =>
        {
            writer.Write(new RequestHeader(1, (int)op));
            body(ref writer);
        }));
        Take();
    }

    /// <summary>Sends a request, syncs, and returns the reply's error.</summary>
    public ErrorCode Ask(Client client, OpCode op, Txns.Body body)
    {
        Send(client, op, body);
        Sync();
        return _errors[client];
    }

    /// <summary>Writes and syncs what was asked for, and has it applied, one transaction at a time.</summary>
    public void Sync()
    {
        _log.Sync();
        while (_appended.TryDequeue(out var zxid))
        {
            Peer.OnSynced(zxid);
            Take();
            Assert.Equal(States[zxid], StateDump.Of(State));
        }
    }

    /// <summary>Begins a snapshot of the state as it is now; <see cref="StepSnapshot"/> writes it.</summary>
    public void BeginSnapshot()
    {
        Assert.False(IsSnapshotting);
        SnapshotBegun = (State.LastZxid, StateDump.Of(State));
        Peer.BeginSnapshot();
        Take();
    }

    /// <summary>Does the next thing that the snapshot wants done; false if there is none.</summary>
    public bool StepSnapshot()
    {
        if (!_snapshotEffects.TryDequeue(out var effect))
            return false;
        switch (effect.Kind)
        {
            case DiskEffectKind.BeginSnapshot:
                _snapshot = new SnapshotFileWriter(_disk, LogFiles.Directory, effect.Zxid, _compression);
                break;
            case DiskEffectKind.SnapshotBytes:
                _snapshot!.Write(effect.Bytes.Span);
                Peer.OnSnapshotWritten();
                Take();
                break;
            case DiskEffectKind.SealSnapshot:
                _snapshot!.Seal();
                break;
            case DiskEffectKind.EndSnapshot:
                _snapshot!.Complete();
                _snapshot = null;
                break;
        }

        return true;
    }

    public string WriteSnapshot()
    {
        BeginSnapshot();
        while (StepSnapshot())
        {
        }

        return Path.Combine(LogFiles.Directory, DataFiles.SnapshotName(SnapshotBegun.Zxid, _compression));
    }

    public void Dispose()
    {
        _log.Dispose();
        _snapshot?.Dispose();
    }

    // One millisecond for each request, so that no two have the same time.
    private void Tick() => Peer.Advance(new Instant(++_now), _now);

    private void Take()
    {
        foreach (var effect in Peer.Outbox.Disk.Effects)
        {
            if (effect.Kind == DiskEffectKind.RollLog)
                _log.Roll();
            else if (effect.Kind == DiskEffectKind.Append)
                Append(effect);
            else
                _snapshotEffects.Enqueue(effect);
        }

        foreach (var effect in Peer.Outbox.Clients.Effects.Where(effect => effect.Kind == ClientEffectKind.Send))
            TakeReplies(effect);
        Assert.DoesNotContain(Peer.Outbox.Notices, notice => notice.Kind == NoticeKind.DigestMismatch);
        Peer.Outbox.Clear();
    }

    private void Append(in DiskEffect effect)
    {
        _shadow.Replay(effect.Bytes.Span);
        Assert.Equal(0, _shadow.DigestMismatches);
        States[effect.Zxid] = StateDump.Of(_shadow);
        _appended.Enqueue(effect.Zxid);
        _log.Append(effect.Zxid, effect.Bytes.Span);
    }

    // Every frame but the first of a connection has its error after the xid and the zxid.
    private void TakeReplies(in ClientEffect effect)
    {
        var bytes = Peer.Outbox.Clients.Bytes.Written.Slice(effect.Offset, effect.Length);
        while (!bytes.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            _errors[effect.Client] = (ErrorCode)BinaryPrimitives.ReadInt32BigEndian(bytes[16..]);
            bytes = bytes[(4 + length)..];
        }
    }

    private static byte[] Encode(Txns.Body body)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        body(ref writer);
        writer.Commit();
        return output.WrittenSpan.ToArray();
    }
}
