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
    /// <summary>Zeros written ahead of a small group, so that the syncs of the next ones find blocks that were written before.</summary>
    private const int ZerosAhead = 1024 * 1024;

    /// <summary>A larger group is worth a sync that also tells the file system's journal of new blocks.</summary>
    private const int LargestSmallGroup = 256 * 1024;

    // From the last boundary in the file at which a write may begin: what is on disk already, then what waits.
    private readonly AlignedBuffer _buffer = new(1024 * 1024);
    private IDiskFile? _file;
    private long _start;      // where in the file the buffer begins
    private int _synced;      // bytes of the buffer that are on disk
    private long _reserved;
    private long _touched;    // up to here every block was written once
    private bool _rollNext;

    /// <summary>Bytes that wait for <see cref="Sync"/>.</summary>
    public int Unwritten => _buffer.Length - _synced;

    private long Position => _start + _buffer.Length;

    /// <summary>Adds a transaction. The first of a file names it.</summary>
    public void Append(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        if (_rollNext || _file is null)
            Begin(zxid);
        var record = _buffer.Append(TxnLogFormat.PrefixLength + txn.Length + 1);
        BinaryPrimitives.WriteInt64BigEndian(record, Adler32.Append(1, txn));
        BinaryPrimitives.WriteInt32BigEndian(record[8..], txn.Length);
        txn.CopyTo(record[TxnLogFormat.PrefixLength..]);
        record[^1] = TxnLogFormat.EndOfRecord;
    }

    /// <summary>Returns once all that was appended is on disk. A failure leaves the disk's state unknown: the process must stop.</summary>
    public void Sync()
    {
        if (_file is null)
            return;
        Reserve();
        Write();
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
        return Position + bytes + TxnLogFormat.HeaderLength <= _reserved || TryReserve(Position + bytes);
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

        // What is written here is read again only after a restart: the system's cache would be filled for nothing.
        _file = disk.Create(Path.Combine(directory, DataFiles.LogName(zxid)), direct: options.ForceSync && options.PreAllocSize > 0);
        _buffer.TruncateTo(0);
        _start = 0;
        _synced = 0;
        _reserved = 0;
        _touched = 0;
        TxnLogFormat.WriteHeader(_buffer.Append(TxnLogFormat.HeaderLength));

        // Apart from the records, so that a file without a header is known to have none.
        Write();
        disk.SyncDirectory(directory);
    }

    // Writes whole blocks where the file asks for it: the last one is written again with what comes after.
    private void Write()
    {
        var alignment = _file!.Alignment;
        var length = _buffer.Length;
        _buffer.Append(-length & (alignment - 1)).Clear();
        AddZerosAhead();
        _file.Write(_start, _buffer.Written);
        _buffer.TruncateTo(length);
        var whole = length & -alignment;
        _buffer.RemoveFirst(whole);
        _start += whole;
        _synced = _buffer.Length;
        if (options.ForceSync)
            _file.Sync();
    }

    // Reserved blocks that were never written are marked as such, and the sync that writes them first waits for the file system's
    // journal as well: it takes twice as long. Blocks that already hold zeros need only the data.
    private void AddZerosAhead()
    {
        if (Position <= _touched)
            return;
        if (options.ForceSync && _buffer.Length <= LargestSmallGroup && _reserved - Position >= ZerosAhead)
            _buffer.Append(ZerosAhead).Clear();
        _touched = Position;
    }

    // Apache's rule: within 4 KB of the end of what is reserved, reserve more.
    private void Reserve()
    {
        if (options.PreAllocSize > 0 && Position + 4096 >= _reserved)
            TryReserve(Position);
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
