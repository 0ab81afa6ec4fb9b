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
    private const int Margin = AlignedBuffer.Alignment;

    /// <summary>Zeros written ahead of a small group, so that the syncs of the next ones find blocks that were written before.</summary>
    private const int ZerosAhead = 1024 * 1024;

    /// <summary>A larger group is worth a sync that also tells the file system's journal of new blocks.</summary>
    private const int LargestSmallGroup = 256 * 1024;

    // From the last boundary in the file at which a write may begin: what is on disk already, then what waits.
    private readonly AlignedBuffer _buffer = new((int)Math.Clamp(options.PreAllocSize, Margin, TxnLogFormat.MaxGroup));
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
    /// <exception cref="IOException">There is no room for it, or the disk failed.</exception>
    public void Append(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        if (!TryAppend(zxid, txn))
            throw new IOException($"no space left for the log in {directory}", NoSpace.Error);
    }

    /// <summary>Adds a transaction if there is room for it on the disk; what was added before can be synced in any case.</summary>
    public bool TryAppend(Zxid zxid, ReadOnlySpan<byte> txn)
    {
        var length = TxnLogFormat.PrefixLength + txn.Length + 1;
        if (Unwritten > 0 && (_rollNext || Unwritten + length > TxnLogFormat.MaxGroup))
            Sync();
        if (_file is null || _rollNext)
            Begin(zxid, length);
        if (_file is null || (options.PreAllocSize > 0 && !Reserve(length)))
            return false;
        var record = _buffer.Append(length);
        BinaryPrimitives.WriteInt64BigEndian(record, Adler32.Append(1, txn));
        BinaryPrimitives.WriteInt32BigEndian(record[8..], txn.Length);
        txn.CopyTo(record[TxnLogFormat.PrefixLength..]);
        record[^1] = TxnLogFormat.EndOfRecord;
        return true;
    }

    /// <summary>Returns once all that was appended is on disk. A failure leaves the disk's state unknown: the process must stop.</summary>
    public void Sync()
    {
        if (_file is null)
            return;
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
            return CouldReserve(bytes);
        return Position + bytes + TxnLogFormat.HeaderLength <= _reserved || TryReserve(_file, ref _reserved, Position + bytes);
    }

    /// <summary>
    /// Syncs, and gives the reserved room back: a file that ends with a record was ended in order, and damage in it is no trace of a
    /// crash.
    /// </summary>
    public void End()
    {
        if (Unwritten > 0)
            Sync();
        if (_reserved > Position)
            _file?.Truncate(Position);
        Dispose();
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    // Without room for a new file the old one goes on, which has some.
    private void Begin(Zxid zxid, int length)
    {
        _rollNext = false;
        var path = Path.Combine(directory, DataFiles.LogName(zxid));
        var reserved = 0L;
        if (TryCreate(path, options.PreAllocSize > 0 ? TxnLogFormat.HeaderLength + length : 0, ref reserved) is not { } file)
            return;
        if (_file is not null)
            End();
        _file = file;
        _reserved = reserved;
        _buffer.TruncateTo(0);
        _start = 0;
        _synced = 0;
        _touched = 0;
        TxnLogFormat.WriteHeader(_buffer.Append(TxnLogFormat.HeaderLength));

        // Apart from the records, so that a file without a header is known to have none.
        Write();
        disk.SyncDirectory(directory);
    }

    /// <summary>Makes a file with room for so many bytes; null, and no file, if there is none.</summary>
    private IDiskFile? TryCreate(string path, long bytes, ref long reserved)
    {
        IDiskFile file;
        try
        {
            // What is written here is read again only after a restart: the system's cache would be filled for nothing.
            file = disk.Create(path, direct: options.ForceSync && options.PreAllocSize > 0);
        }
        catch (IOException e) when (NoSpace.Is(e))
        {
            return null;
        }

        if (bytes == 0 || TryReserve(file, ref reserved, bytes))
            return file;
        file.Dispose();
        disk.Delete(path);
        return null;
    }

    // Before there is a file: one is made only with the first transaction.
    private bool CouldReserve(long bytes)
    {
        var path = Path.Combine(directory, SnapshotFileWriter.TemporaryPrefix + "room");
        var reserved = 0L;
        if (TryCreate(path, bytes, ref reserved) is not { } file)
            return false;
        file.Dispose();
        disk.Delete(path);
        return true;
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
    private bool Reserve(int length)
    {
        var end = Position + length;
        return end + Margin < _reserved || TryReserve(_file!, ref _reserved, end) || end < _reserved;
    }

    private bool TryReserve(IDiskFile file, ref long reserved, long upTo)
    {
        // Where there is no room for the whole step, a smaller one may do. It ends with a block, as writes do.
        for (var step = Math.Max(options.PreAllocSize, Margin); ; step = Math.Max(step / 4, Margin))
        {
            var steps = Math.Max(1, (upTo + Margin - reserved + step - 1) / step);
            var wanted = (reserved + (steps * step) + Margin - 1) & -Margin;
            if (file.TryReserve(wanted))
            {
                reserved = wanted;
                return true;
            }

            if (step == Margin)
                return false;
        }
    }
}
