using System.Buffers.Binary;
using System.IO.Compression;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Storage.Compression;

namespace Quoll.Storage;

/// <summary>
/// Writes one snapshot: a header, what the peer gives, and a seal (an Adler-32 of everything before it) where the peer says so. The
/// file has another name until it is whole and on disk, so that half of one is never taken for a snapshot.
/// </summary>
public sealed class SnapshotFileWriter : IDisposable
{
    internal const int Magic = 0x5A4B534E;   // "ZKSN"
    internal const int Version = 2;
    internal const int HeaderLength = 16;
    internal const string TemporaryPrefix = "writing.";
    private const int SyncEvery = 16 * 1024 * 1024;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly string _name;
    private readonly DiskFileStream _file;
    private readonly Stream _stream;
    private uint _checksum = 1;

    public SnapshotFileWriter(IDisk disk, string directory, Zxid zxid, SnapshotCompression compression)
    {
        _disk = disk;
        _directory = directory;
        _name = DataFiles.SnapshotName(zxid, compression);
        _file = new DiskFileStream(disk.Create(TemporaryPath), SyncEvery);
        _stream = compression switch
        {
            SnapshotCompression.Gzip => new GZipStream(_file, CompressionLevel.Fastest, leaveOpen: true),
            SnapshotCompression.Snappy => new SnappyStream(_file, CompressionMode.Compress, leaveOpen: true),
            _ => _file,
        };
        Span<byte> header = stackalloc byte[HeaderLength];
        BinaryPrimitives.WriteInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Version);
        BinaryPrimitives.WriteInt64BigEndian(header[8..], -1);
        try
        {
            Write(header);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string FilePath => Path.Combine(_directory, _name);

    /// <summary>Bytes in the file so far.</summary>
    public long Length => _file.Position;

    private string TemporaryPath => Path.Combine(_directory, TemporaryPrefix + _name);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _checksum = Adler32.Append(_checksum, bytes);
        _stream.Write(bytes);
    }

    public void Seal()
    {
        Span<byte> seal = stackalloc byte[13];
        BinaryPrimitives.WriteInt64BigEndian(seal, _checksum);
        BinaryPrimitives.WriteInt32BigEndian(seal[8..], 1);
        seal[12] = (byte)'/';
        Write(seal);
    }

    /// <summary>The snapshot is whole: once this returns it will be found.</summary>
    public void Complete()
    {
        if (_stream != _file)
            _stream.Dispose();
        _file.Sync();
        _file.Dispose();
        _disk.Rename(TemporaryPath, FilePath);
        _disk.SyncDirectory(_directory);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Removes what snapshots that were never finished left behind.</summary>
    public static void RemoveUnfinished(IDisk disk, string directory)
    {
        foreach (var name in disk.List(directory))
        {
            if (name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
                disk.Delete(Path.Combine(directory, name));
        }
    }
}
