using System.Buffers.Binary;
using Quoll.Protocol;
using Quoll.Protocol.Checksums;

namespace Quoll.Storage;

/// <summary>How the log is written.</summary>
/// <param name="PreAllocSize">Bytes by which a file grows ahead of what is written.</param>
/// <param name="SizeLimit">Size at which a file ends and another begins; 0 for none.</param>
/// <param name="ForceSync">Wait for the disk. Without it a crash of the machine loses what was promised.</param>
public sealed record TxnLogOptions(long PreAllocSize = 64 * 1024 * 1024, long SizeLimit = 0, bool ForceSync = true);

/// <summary>
/// Appends transactions to the log. They gather in memory until <see cref="Sync"/> writes and syncs all of them at once. Room is
/// reserved ahead, so that a full disk is known before, not after, a transaction was promised.
/// </summary>
public sealed class TxnLog(IDisk disk, string directory, TxnLogOptions options) : IDisposable
{
    private byte[] _buffer = new byte[1024 * 1024];
    private int _used;
    private IDiskFile? _file;
    private long _position;
    private long _reserved;
    private bool _rollNext;

    /// <summary>Bytes that wait for <see cref="Sync"/>.</summary>
    public int Unwritten => _used;

    /// <summary>Adds a transaction. The first of a file names it.</summary>
    public void Append(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        if (_rollNext || _file is null)
            Begin(zxid);
        var length = TxnLogFormat.PrefixLength + txn.Length + 1;
        var record = Room(length);
        BinaryPrimitives.WriteInt64BigEndian(record, Adler32.Append(1, txn));
        BinaryPrimitives.WriteInt32BigEndian(record[8..], txn.Length);
        txn.CopyTo(record[TxnLogFormat.PrefixLength..]);
        record[length - 1] = TxnLogFormat.EndOfRecord;
        _used += length;
    }

    /// <summary>Returns once all that was appended is on disk. A failure leaves the disk's state unknown: the process must stop.</summary>
    public void Sync()
    {
        if (_file is null)
            return;
        Reserve();
        _file.Write(_position, _buffer.AsSpan(0, _used));
        _position += _used;
        _used = 0;
        if (options.ForceSync)
            _file.Sync();
        if (options.SizeLimit > 0 && _reserved > options.SizeLimit)
            _rollNext = true;
    }

    /// <summary>Ends the file: the next transaction begins another.</summary>
    public void Roll() => _rollNext = true;

    /// <summary>True if there is room reserved for so many bytes more, taking it if it must.</summary>
    public bool HasRoomFor(long bytes)
    {
        if (_file is null)
            return true;
        return _position + _used + bytes + TxnLogFormat.HeaderLength <= _reserved || TryReserve(_position + _used + bytes);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private void Begin(Zxid zxid)
    {
        if (_file is not null)
        {
            Sync();
            _file.Dispose();
        }

        _rollNext = false;
        _file = disk.Create(Path.Combine(directory, DataFiles.LogName(zxid)));
        _position = TxnLogFormat.HeaderLength;
        _reserved = 0;
        Span<byte> header = stackalloc byte[TxnLogFormat.HeaderLength];
        TxnLogFormat.WriteHeader(header);
        _file.Write(0, header);

        // Apart from the records, so that a file without a header is known to have none.
        if (options.ForceSync)
            _file.Sync();
        disk.SyncDirectory(directory);
    }

    private Span<byte> Room(int count)
    {
        if (_buffer.Length - _used < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _used + count));
        return _buffer.AsSpan(_used);
    }

    // Apache's rule: within 4 KB of the end of what is reserved, reserve more.
    private void Reserve()
    {
        if (options.PreAllocSize > 0 && _position + _used + 4096 >= _reserved)
            TryReserve(_position + _used);
    }

    private bool TryReserve(long upTo)
    {
        var wanted = _reserved;
        while (wanted < upTo + 4096)
            wanted += Math.Max(options.PreAllocSize, 4096);
        if (!_file!.TryReserve(wanted))
            return false;
        _reserved = wanted;
        return true;
    }
}
