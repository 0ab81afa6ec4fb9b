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
    private byte[] _buffer = [];
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
        var header = Peek(0, TxnLogFormat.HeaderLength);
        if (IsUnfinished(header))
            return;
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
        if (Position == 0)
            return End(torn: _length > 0);
        var prefix = Peek(Position, TxnLogFormat.PrefixLength);
        if (prefix.Length < TxnLogFormat.PrefixLength)
            return End(torn: prefix.ContainsAnyExcept((byte)0));
        var checksum = BinaryPrimitives.ReadInt64BigEndian(prefix);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix[8..]);
        if (length == 0 && checksum == 0)
            return End(torn: !IsZeroFrom(Position));
        if (length == 0)
            return EndIfTorn(prefix.Length, checksum, "a checksum without a transaction");
        if (length < 0 || length > _maxLength)
            throw Damaged($"a length of {length} bytes, where at most {_maxLength} can be");
        var record = Peek(Position, TxnLogFormat.PrefixLength + length + 1L);
        if (record.Length < TxnLogFormat.PrefixLength + length + 1L)
            return IsWholeWithAnotherLength(checksum) ? throw Damaged("a length that does not fit") : End(torn: true);
        if (record[^1] != TxnLogFormat.EndOfRecord)
            return EndIfTorn(record.Length, checksum, "a record that does not end as records do");
        var body = record.Slice(TxnLogFormat.PrefixLength, length);
        if (Adler32.Append(1, body) != checksum)
            return EndIfTorn(record.Length, checksum, "a record whose checksum does not fit");
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

    // A write cut short leaves zeros: at its end, or sectors of them anywhere in the group of records that was written at once,
    // whatever is whole after them. Anything else was whole once, and may have been promised to a client.
    private bool EndIfTorn(int recordLength, long checksum, string what)
    {
        var isTorn = (IsZeroFrom(Position + recordLength - 1) || HasLostSector(recordLength)) && !IsWholeWithAnotherLength(checksum);
        return isTorn ? End(torn: true) : throw Damaged(what);
    }

    private bool HasLostSector(int recordLength)
    {
        // The first four bytes of a record are zeros as they should be: a sector with no more than those was not missed.
        for (var start = (Position + 4) / SectorSize * SectorSize; start < Position + recordLength; start += SectorSize)
        {
            var from = Math.Max(start, Position);
            if (!Peek(from, start + SectorSize - from).ContainsAnyExcept((byte)0))
                return true;
        }

        return false;
    }

    /// <summary>Finds the damage of a length, which makes of a whole record one that seems to go on where nothing was written.</summary>
    private bool IsWholeWithAnotherLength(long checksum)
    {
        var bytes = Peek(Position, TxnLogFormat.PrefixLength + _maxLength + 1L);
        var (low, high) = (1u, 0u);
        for (var at = TxnLogFormat.PrefixLength; at + 1 < bytes.Length; at++)
        {
            low = (low + bytes[at]) % 65521;
            high = (high + low) % 65521;
            if ((high << 16 | low) == checksum && bytes[at + 1] == TxnLogFormat.EndOfRecord)
                return true;
        }

        return false;
    }

    /// <summary>
    /// The power went when the file had just been made. A header is on disk before any record is, so there is nothing after it.
    /// </summary>
    private bool IsUnfinished(ReadOnlySpan<byte> header)
    {
        Span<byte> whole = stackalloc byte[TxnLogFormat.HeaderLength];
        TxnLogFormat.WriteHeader(whole);
        return (header.Length < whole.Length && whole.StartsWith(header)) || IsZeroFrom(0);
    }

    private bool IsZeroFrom(long offset)
    {
        while (Peek(offset, BlockSize) is { IsEmpty: false } block)
        {
            if (block.ContainsAnyExcept((byte)0))
                return false;
            offset += block.Length;
        }

        return true;
    }

    /// <summary>Bytes of the file from an offset, as many as asked for unless the file ends before.</summary>
    private ReadOnlySpan<byte> Peek(long offset, long count)
    {
        // A length that was damaged must not claim memory.
        count = Math.Clamp(_length - offset, 0, count);
        if (offset >= _bufferStart && offset + count <= _bufferStart + _buffered)
            return _buffer.AsSpan((int)(offset - _bufferStart), (int)count);
        if (_buffer.Length < count)
            _buffer = new byte[Math.Min(count + BlockSize, Math.Min(_length, Array.MaxLength))];
        _buffered = _file.Read(offset, _buffer);
        _bufferStart = offset;
        return _buffer.AsSpan(0, (int)Math.Min(count, _buffered));
    }
}
