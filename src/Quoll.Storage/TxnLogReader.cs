using System.Buffers.Binary;
using Quoll.Protocol.Checksums;

namespace Quoll.Storage;

/// <summary>Reads the transactions of one log file, from the first on.</summary>
public sealed class TxnLogReader : IDisposable
{
    private const int BlockSize = 1024 * 1024;
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

    /// <summary>There are whole records behind the one that was torn: later ones of the same write.</summary>
    public bool IsFollowed { get; private set; }

    /// <summary>The next transaction, valid until the next call; false at the end.</summary>
    public bool TryRead(out ReadOnlySpan<byte> txn)
    {
        txn = default;
        if (Position == 0)
            return End(torn: _length > 0);
        var prefix = Peek(Position, TxnLogFormat.PrefixLength);
        if (prefix.Length < TxnLogFormat.PrefixLength)
            return EndOrRefuse();
        var checksum = BinaryPrimitives.ReadInt64BigEndian(prefix);
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix[8..]);
        if (length < 0 || length > _maxLength)
            throw Damaged($"a length of {length} bytes, where at most {_maxLength} can be (jute.maxbuffer)");
        var record = Peek(Position, TxnLogFormat.PrefixLength + length + 1L);
        if (length == 0 || record.Length < TxnLogFormat.PrefixLength + length + 1L || record[^1] != TxnLogFormat.EndOfRecord)
            return EndOrRefuse();
        var body = record.Slice(TxnLogFormat.PrefixLength, length);
        if (Adler32.Append(1, body) != checksum)
            return EndOrRefuse();
        Position += record.Length;
        txn = body;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private StorageException Damaged(string what) => new(
        $"{_path}: offset {Position}: {what}. The file is damaged, and changes that were confirmed may be in it: restore it from a copy. "
        + $"To go on without this transaction and all later ones, cut it (truncate -s {Position} {_path}) "
        + "and move later logs and snapshots away");

    private bool End(bool torn)
    {
        Torn = torn;
        return false;
    }

    // Zeros are reserved room. What a write cut short left behind was never confirmed. Anything else was whole once.
    private bool EndOrRefuse()
    {
        var end = EndOfWritten();
        if (end <= Position)
            return End(torn: false);
        var most = Math.Max(TxnLogFormat.MaxGroup, TxnLogFormat.PrefixLength + _maxLength + 1L);
        if (end - Position > most)
            throw Damaged($"a record that is not whole, and {end - Position} bytes from there on, which are more than one write");
        var tear = new TxnLogTear(Peek(Position, end - Position), Position, endsFile: end == _length, _maxLength);
        var damage = tear.FindDamage(out var isFollowed);
        IsFollowed = isFollowed;
        return damage is null ? End(torn: true) : throw Damaged(damage);
    }

    /// <summary>Where the last byte that is not zero ends, from the present position on.</summary>
    private long EndOfWritten()
    {
        for (var end = _length; end > Position;)
        {
            var start = Math.Max(Position, end - BlockSize);
            var last = Peek(start, end - start).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
                return start + last + 1;
            end = start;
        }

        return Position;
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
