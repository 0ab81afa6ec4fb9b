using Quoll.Core.Tree;
using Quoll.Protocol;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core;

/// <summary>
/// Decides when a snapshot is due and writes it, a slice at a time: the next one when the disk has taken the last. Between two
/// slices requests are served; what is written is the state at the beginning.
/// </summary>
internal sealed class SnapshotWriter
{
    private const int SliceSize = 256 * 1024;

    /// <summary>What a znode takes in a snapshot besides its path and data.</summary>
    private const int ZnodeOverhead = 76;

    /// <summary>A snapshot of up to so many bytes is written whenever enough changes were logged, however small they were.</summary>
    private const long SmallSnapshot = 16 * 1024 * 1024;

    private readonly Database _database;
    private readonly DiskLane _disk;
    private readonly Prng _prng;
    private Zxid _zxid;
    private ulong _digest;
    private int _count;
    private long _bytes;
    private long _countLimit;
    private long _bytesLimit;
    private int _unwritten;

    public SnapshotWriter(Database database, DiskLane disk, Prng prng)
    {
        _database = database;
        _disk = disk;
        _prng = prng;
        DrawLimits();
    }

    /// <summary>A snapshot is being written: its buffers are in use until the disk has taken the last bytes.</summary>
    public bool Running => _database.Tree.Snapshot.Running || _unwritten > 0;

    /// <summary>Bytes given to the disk that it has not taken.</summary>
    public int Unwritten => _unwritten;

    /// <summary>Snapshots begun since the start.</summary>
    public int Begun { get; private set; }

    /// <summary>So much was logged that a snapshot is to be taken.</summary>
    public bool Due => (_count > _countLimit && IsWorthIt) || (_bytesLimit > 0 && _bytes > _bytesLimit);

    // A snapshot costs what the tree is large. Written anew each time the log has grown by half of it, it costs each change the same,
    // and a restart reads half as much again at most.
    private bool IsWorthIt
    {
        get
        {
            var size = _database.Tree.DataSize + ((long)_database.Tree.Count * ZnodeOverhead);
            return size <= SmallSnapshot || _bytes >= size / 2;
        }
    }

    /// <summary>A transaction was logged.</summary>
    public void OnLogged(int bytes)
    {
        _count++;
        _bytes += bytes;
    }

    /// <summary>Begins a snapshot of the state as it is now; none may be running. The log file ends here, and another begins.</summary>
    public void Begin()
    {
        DrawLimits();
        _disk.Add(DiskEffectKind.RollLog, _database.LastProcessed);
        Begun++;
        _zxid = _database.LastProcessed;
        _digest = _database.Tree.Digest;
        _disk.Add(DiskEffectKind.BeginSnapshot, _zxid);
        var writer = new JuteWriter(_database.Tree.Snapshot.Begin());
        writer.WriteInt(_database.Sessions.Count);
        foreach (var (id, timeout) in _database.Sessions)
        {
            writer.WriteLong(id);
            writer.WriteInt(timeout);
        }

        var lists = _database.Tree.Acls.All().ToList();
        writer.WriteInt(lists.Count);
        foreach (var (key, list) in lists)
        {
            writer.WriteLong(key);
            writer.Write(list.Vector);
        }

        writer.Commit();
        Continue();
    }

    /// <summary>The disk has taken bytes; once it has all, the next slice is written.</summary>
    public void OnWritten()
    {
        Invariant.Holds(_unwritten > 0);
        _unwritten--;
        if (_unwritten == 0 && _database.Tree.Snapshot.Running)
            Continue();
    }

    private void Continue()
    {
        var cursor = _database.Tree.Snapshot;
        var done = cursor.Walk(SliceSize);
        foreach (var slice in cursor.TakeSlices())
            Add(slice);
        if (!done)
            return;
        cursor.End();
        Tail(static (ref writer) => writer.WriteBytes("/"u8));
        _disk.Add(DiskEffectKind.SealSnapshot, _zxid);
        if (_database.Options.DigestEnabled)
        {
            Tail((ref writer) =>
            {
                writer.WriteLong(_zxid.Value);
                writer.Write(new TxnDigest(TreeDigest.Version, (long)_digest));
            });
            _disk.Add(DiskEffectKind.SealSnapshot, _zxid);
        }

        // Not without a digest: Apache's server would take it for the beginning of one.
        if (_database.Options.DigestEnabled && _database.Options.SerializeLastProcessedZxid)
        {
            Tail((ref writer) => writer.WriteLong(_zxid.Value));
            _disk.Add(DiskEffectKind.SealSnapshot, _zxid);
        }

        _disk.Add(DiskEffectKind.EndSnapshot, _zxid);
    }

    private delegate void TailWriter(ref JuteWriter writer);

    private void Tail(TailWriter write)
    {
        var bytes = new LaneBuffer();
        var writer = new JuteWriter(bytes);
        write(ref writer);
        writer.Commit();
        Add(bytes.WrittenMemory);
    }

    private void Add(ReadOnlyMemory<byte> bytes)
    {
        _unwritten++;
        _disk.Add(DiskEffectKind.SnapshotBytes, _zxid, bytes);
    }

    // Drawn at random, so that the servers of an ensemble do not all write at the same time.
    private void DrawLimits()
    {
        var options = _database.Options;
        _count = 0;
        _bytes = 0;
        _countLimit = (options.SnapCount / 2) + _prng.Below(options.SnapCount / 2);
        _bytesLimit = options.SnapSizeLimit <= 0 ? 0 : (options.SnapSizeLimit / 2) + _prng.Below(options.SnapSizeLimit / 2);
    }
}
