using System.Buffers.Binary;
using System.IO.Compression;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;
using Quoll.Storage.Compression;

namespace Quoll.Storage;

/// <summary>
/// Reads a snapshot, part by part, without ever holding more than a part. Anything wrong is an <see cref="InvalidDataException"/>
/// that names the file and the offset (in the uncompressed bytes).
/// </summary>
public sealed class SnapshotReader : IDisposable
{
    private const int LastZxidWithSeal = 8 + 13;
    private const int BlockSize = 1024 * 1024;

    /// <summary>What a znode has beside what a transaction gave it: lengths, the key of its list, its stat.</summary>
    private const int PartOverhead = 128;

    private readonly string _path;
    private readonly DiskFileStream _file;
    private readonly Stream _stream;
    private readonly int _maxPart;
    private byte[] _buffer = new byte[BlockSize];
    private int _start;
    private int _end;
    private bool _atEnd;
    private long _offset;
    private uint _checksum = 1;

    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="maxTxn">Longest transaction to be believed, in bytes: no znode and no list can be longer.</param>
    public SnapshotReader(IDisk disk, string path, int maxTxn)
    {
        _path = path;
        _maxPart = (int)Math.Min(maxTxn + (long)PartOverhead, Array.MaxLength);
        _file = new DiskFileStream(disk.Open(path));
        _stream = DataFiles.CompressionOf(path) switch
        {
            SnapshotCompression.Gzip => new GZipStream(_file, CompressionMode.Decompress, leaveOpen: true),
            SnapshotCompression.Snappy => new SnappyStream(_file, CompressionMode.Decompress, leaveOpen: true),
            _ => _file,
        };
    }

    /// <summary>
    /// A first look that costs nothing (<c>SnapStream.isValidSnapshot</c>): a plain snapshot ends as snapshots do, a compressed one
    /// begins as its codec has it.
    /// </summary>
    internal static bool LooksWhole(IDisk disk, string path)
    {
        using var file = disk.Open(path);
        Span<byte> bytes = stackalloc byte[8];
        return DataFiles.CompressionOf(path) switch
        {
            SnapshotCompression.Gzip => file.Read(0, bytes) == 8 && bytes.StartsWith<byte>([0x1F, 0x8B]),
            SnapshotCompression.Snappy => file.Read(0, bytes) == 8 && bytes.SequenceEqual<byte>([0x82, .. "SNAPPY"u8, 0]),
            _ => file.Length > SnapshotFileWriter.HeaderLength
                && file.Read(file.Length - 5, bytes) == 5 && bytes.StartsWith("\0\0\0\u0001/"u8),
        };
    }

    /// <summary>Reads it all and hands the parts over. What was handed over counts only if this returns.</summary>
    public void ReadAll(ISnapshotHandler handler)
    {
        var header = Take(SnapshotFileWriter.HeaderLength);
        if (BinaryPrimitives.ReadInt32BigEndian(header) != SnapshotFileWriter.Magic)
            throw Bad("not a snapshot");
        handler.OnLength(_file.Length);
        var parser = new SnapshotParser(handler);
        while (!parser.Complete)
            ReadPart(parser);
        CheckSeal();

        // A server that was told to keep no digest may write the last zxid all the same.
        Fill(LastZxidWithSeal + 1);
        if (_end - _start > LastZxidWithSeal)
            ReadDigest(handler);
        if (!HasMore())
            return;

        // The last zxid, since 3.9, says nothing that the name does not; but it must be whole as all the rest.
        Take(8);
        CheckSeal();
    }

    private void ReadDigest(ISnapshotHandler handler)
    {
        var digest = Take(20);
        var zxid = new Zxid(BinaryPrimitives.ReadInt64BigEndian(digest));
        handler.OnDigest(zxid, BinaryPrimitives.ReadInt32BigEndian(digest[8..]), BinaryPrimitives.ReadInt64BigEndian(digest[12..]));
        CheckSeal();
    }

    public void Dispose()
    {
        if (_stream != _file)
            _stream.Dispose();
        _file.Dispose();
    }

    private void CheckSeal()
    {
        var expected = _checksum;
        var seal = Take(13);
        if (BinaryPrimitives.ReadInt64BigEndian(seal) != expected || !seal[8..].SequenceEqual("\0\0\0\u0001/"u8))
            throw Bad("a checksum that does not fit");
    }

    private bool HasMore()
    {
        Fill(1);
        return _end > _start;
    }

    // A part is read from what is there; if that was not enough, more is fetched and it is read again.
    private void ReadPart(SnapshotParser parser)
    {
        Fill(1);
        while (true)
        {
            int taken;
            try
            {
                taken = parser.TakePart(_buffer.AsSpan(_start, _end - _start));
            }
            catch (InvalidSnapshotException e)
            {
                throw Bad(e.Message);
            }

            if (taken > 0)
            {
                Consume(taken);
                return;
            }

            if (_atEnd)
                throw Bad("the file ends in the middle of a part");
            if (_end - _start >= _maxPart)
                throw Bad($"a part of more than {_maxPart} bytes (jute.maxbuffer)");
            Fill(_end - _start + 1);
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        Fill(count);
        if (_end - _start < count)
            throw Bad("the file ends too early");
        var taken = _buffer.AsSpan(_start, count);
        Consume(count);
        return taken;
    }

    private void Consume(int count)
    {
        _checksum = Adler32.Append(_checksum, _buffer.AsSpan(_start, count));
        _start += count;
        _offset += count;
    }

    /// <summary>Has at least so many bytes in the buffer, unless the file ends before.</summary>
    private void Fill(int count)
    {
        if (_end - _start >= count || _atEnd)
            return;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end < count || _end < _buffer.Length / 2)
        {
            if (_end == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            var read = ReadStream(_buffer.AsSpan(_end));
            _atEnd = read == 0;
            if (_atEnd)
                return;
            _end += read;
        }
    }

    private int ReadStream(Span<byte> buffer)
    {
        try
        {
            return _stream.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw Bad(e.Message);   // a codec knows neither the file nor the place
        }
    }

    private InvalidDataException Bad(string what) => new($"{_path}: offset {_offset}: {what}");
}
