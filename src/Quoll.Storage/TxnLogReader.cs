using System.Buffers.Binary;
using Quoll.Protocol.Checksums;

namespace Quoll.Storage;

/// <summary>Reads the transactions of one log file, from the first on.</summary>
public sealed class TxnLogReader : IDisposable
{
    private const int BlockSize = 1024 * 1024;
    private const int SectorSize = 512;
    private readonly IDiskFile _file;
    private readonly string _path;
    private readonly int _maxLength;
    private readonly long _length;
    private byte[] _buffer = new byte[BlockSize];
    private long _bufferStart;
    private int _buffered;

    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="maxLength">Longest transaction to be believed, in bytes.</param>
    public TxnLogReader(IDisk disk, string path, int maxLength)
    {
        _file = disk.Open(path);
        _path = path;
        _maxLength = maxLength;
        _length = _file.Length;
        if (_length == 0)
            return;   // made, and then the power went: nothing was in it
        var header = Peek(0, TxnLogFormat.HeaderLength);
        if (header.Length < TxnLogFormat.HeaderLength || BinaryPrimitives.ReadInt32BigEndian(header) != TxnLogFormat.Magic)
            throw new StorageException($"{path}: offset 0: not a transaction log");
        Position = TxnLogFormat.HeaderLength;
    }

    /// <summary>Where the next record begins; at the end, where the good part of the file ends.</summary>
    public long Position { get; private set; }

    /// <summary>What follows the last whole record is the beginning of one that was never finished.</summary>
    public bool Torn { get; private set; }

    /// <summary>The next transaction, valid until the next call; false at the end.</summary>
    public bool TryRead(out ReadOnlySpan<byte> txn)
    {
        txn = default;
        var prefix = Peek(Position, TxnLogFormat.PrefixLength);
        if (prefix.Length < TxnLogFormat.PrefixLength)
            return End(torn: prefix.ContainsAnyExcept((byte)0));
        var checksum = BinaryPrimitives.ReadInt64BigEndian(prefix);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix[8..]);
        if (length == 0)
            return End(torn: checksum != 0);
        if (length < 0 || length > _maxLength)
            throw Damaged($"a length of {length} bytes, where at most {_maxLength} can be");
        var record = Peek(Position, TxnLogFormat.PrefixLength + length + 1);
        if (record.Length < TxnLogFormat.PrefixLength + length + 1)
            return End(torn: true);
        if (record[^1] != TxnLogFormat.EndOfRecord)
            return record[^1] == 0 && IsLast(record.Length) ? End(torn: true) : throw Damaged("a record that does not end as records do");
        var body = record.Slice(TxnLogFormat.PrefixLength, length);
        if (Adler32.Append(1, body) != checksum)
        {
            // A write cut short leaves sectors of zeros. Anything else was whole once, and may have been promised to a client.
            return HasZeroSector(record) && IsLast(record.Length) ? End(torn: true) : throw Damaged("a record whose checksum does not fit");
        }

        Position += record.Length;
        txn = body;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private StorageException Damaged(string what) =>
        new($"{_path}: offset {Position}: {what}. The file is damaged; restore it, or move it away to go without what follows");

    private bool End(bool torn)
    {
        Torn = torn;
        return false;
    }

    private bool IsLast(int recordLength)
    {
        for (var at = Position + recordLength; at < _length;)
        {
            var rest = Peek(at, BlockSize);
            if (rest.IsEmpty || rest.ContainsAnyExcept((byte)0))
                return rest.IsEmpty;
            at += rest.Length;
        }

        return true;
    }

    private bool HasZeroSector(ReadOnlySpan<byte> record)
    {
        var first = (int)((SectorSize - (Position % SectorSize)) % SectorSize);
        for (var at = first; at < record.Length; at += SectorSize)
        {
            if (!record[at..Math.Min(at + SectorSize, record.Length)].ContainsAnyExcept((byte)0))
                return true;
        }

        return false;
    }

    /// <summary>Bytes of the file from an offset, as many as asked for unless the file ends before.</summary>
    private ReadOnlySpan<byte> Peek(long offset, int count)
    {
        if (offset >= _bufferStart && offset + count <= _bufferStart + _buffered)
            return _buffer.AsSpan((int)(offset - _bufferStart), count);
        if (_buffer.Length < count)
            _buffer = new byte[(int)Math.Min(count + (long)BlockSize, Array.MaxLength)];
        _buffered = _file.Read(offset, _buffer);
        _bufferStart = offset;
        return _buffer.AsSpan(0, Math.Min(count, _buffered));
    }
}
