using System.Buffers.Binary;
using System.IO.Compression;

namespace Quoll.Storage.Compression;

/// <summary>
/// The stream of snappy-java's <c>SnappyOutputStream</c> and <c>SnappyInputStream</c>, as in ZooKeeper's <c>.snappy</c> snapshots:
/// a header of 16 bytes, then chunks of an int32 (big-endian) length and one raw block (<see cref="SnappyBlock"/>).
/// </summary>
/// <remarks>
/// <para>Reads or writes, never both, as its <see cref="CompressionMode"/> says; synchronous, as the files it is for.</para>
/// <para>
/// Reading is as snappy-java reads: any version from 1 on is good, and a second header where a chunk's length should be
/// begins a concatenated stream. It is stricter in three things. Where snappy-java takes a damaged second header or a
/// torn length for the end, this throws. A stream without a header is not taken for one raw block. And a chunk may
/// decompress to <see cref="MaxBlockLength"/> at most, so that a damaged length cannot claim memory.
/// </para>
/// </remarks>
internal sealed class SnappyStream : Stream
{
    /// <summary>How many bytes are compressed together: snappy-java's default, which ZooKeeper does not change.</summary>
    public const int BlockLength = 32 * 1024;

    /// <summary>The most bytes a chunk may hold before compression when reading: 32 times what ZooKeeper writes.</summary>
    public const int MaxBlockLength = 1024 * 1024;

    // 0x82, "SNAPPY", 0; then the version and the oldest version able to read it, both 1.
    private static ReadOnlySpan<byte> Header => [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1];

    private const int MagicLength = 8;
    private const int LengthSize = sizeof(int);

    private static readonly int MaxChunkLength = SnappyBlock.MaxCompressedLength(MaxBlockLength);

    private readonly Stream _stream;
    private readonly CompressionMode _mode;
    private readonly bool _leaveOpen;
    private bool _disposed;
    private bool _headerDone;

    // Reading: how many bytes of the inner stream were taken.
    private long _offset;

    // Writing: the bytes not yet compressed, up to _end. Reading: the bytes not yet given out, from _start to _end.
    private byte[] _block = new byte[BlockLength];
    private int _start;
    private int _end;

    // A chunk with its length before it.
    private byte[] _chunk = new byte[LengthSize + SnappyBlock.MaxCompressedLength(BlockLength)];

    /// <summary>Compresses into, or decompresses from, another stream.</summary>
    /// <param name="stream">The compressed side. What is behind the last chunk when reading must be its end.</param>
    /// <param name="mode">Which of the two; fixed for life.</param>
    /// <param name="leaveOpen">Whether <paramref name="stream"/> outlives this one.</param>
    public SnappyStream(Stream stream, CompressionMode mode, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (mode == CompressionMode.Decompress ? !stream.CanRead : !stream.CanWrite)
            throw new ArgumentException($"cannot {mode} with this stream", nameof(stream));

        _stream = stream;
        _mode = mode;
        _leaveOpen = leaveOpen;
    }

    public override bool CanRead => !_disposed && _mode == CompressionMode.Decompress;

    public override bool CanWrite => !_disposed && _mode == CompressionMode.Compress;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Gives out decompressed bytes; 0 only at the end, which lies between two chunks.</summary>
    /// <exception cref="InvalidDataException">The stream is malformed; the message tells where, in bytes of the inner stream.</exception>
    public override int Read(Span<byte> buffer)
    {
        Require(CompressionMode.Decompress);
        if (buffer.IsEmpty)
            return 0;

        // A chunk of nothing is allowed, and passed over.
        while (_start == _end)
        {
            if (!TryReadChunk())
                return 0;
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _block.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Require(CompressionMode.Compress);
        while (!buffer.IsEmpty)
        {
            if (_end == BlockLength)
                WriteChunk();

            var count = Math.Min(buffer.Length, BlockLength - _end);
            buffer[..count].CopyTo(_block.AsSpan(_end));
            _end += count;
            buffer = buffer[count..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    public override void WriteByte(byte value) => Write([value]);

    /// <summary>Ends the current block early, writes it and flushes the inner stream; each call costs compression.</summary>
    public override void Flush()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_mode == CompressionMode.Decompress)
            return;

        WriteChunk();
        _stream.Flush();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Writes what is left; a stream nothing was written to is a header.</summary>
    protected override void Dispose(bool disposing)
    {
        try
        {
            if (disposing && !_disposed && _mode == CompressionMode.Compress)
                WriteChunk();
        }
        finally
        {
            if (disposing && !_disposed && !_leaveOpen)
                _stream.Dispose();

            _disposed = true;
            base.Dispose(disposing);
        }
    }

    private void Require(CompressionMode mode)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_mode != mode)
            throw new NotSupportedException($"the stream was opened to {_mode}");
    }

    private void WriteChunk()
    {
        if (!_headerDone)
        {
            _stream.Write(Header);
            _headerDone = true;
        }

        if (_end == 0)
            return;

        var length = SnappyBlock.Compress(_block.AsSpan(0, _end), _chunk.AsSpan(LengthSize));
        BinaryPrimitives.WriteInt32BigEndian(_chunk, length);
        _stream.Write(_chunk, 0, LengthSize + length);
        _end = 0;
    }

    /// <summary>Fills the block from the next chunk; false at the end of the stream.</summary>
    private bool TryReadChunk()
    {
        if (!_headerDone)
        {
            ReadHeader(alreadyRead: 0);
            _headerDone = true;
        }

        while (true)
        {
            var read = ReadUpTo(_chunk.AsSpan(0, LengthSize));
            if (read == 0)
                return false;
            if (read < LengthSize)
                throw Malformed("the stream ends inside the length of a chunk");

            if (!_chunk.AsSpan(0, LengthSize).SequenceEqual(Header[..LengthSize]))
                break;

            // Seen as a length the magic is negative, so this cannot be a chunk.
            ReadHeader(alreadyRead: LengthSize);
        }

        ReadBlock(BinaryPrimitives.ReadInt32BigEndian(_chunk));
        return true;
    }

    private void ReadBlock(int length)
    {
        if (length <= 0 || length > MaxChunkLength)
            throw Malformed($"a chunk of {length} bytes; 1 to {MaxChunkLength} are possible");

        if (length > _chunk.Length)
            _chunk = new byte[length];

        var start = _offset;
        var chunk = _chunk.AsSpan(0, length);
        if (ReadUpTo(chunk) < length)
            throw Malformed($"the stream ends inside a chunk of {length} bytes");

        if (!SnappyBlock.TryGetDecompressedLength(chunk, out var blockLength) || blockLength > MaxBlockLength)
            throw Malformed($"the block at {start} does not begin with a length of at most {MaxBlockLength}");

        if (blockLength > _block.Length)
            _block = new byte[blockLength];

        _start = 0;
        if (!SnappyBlock.TryDecompress(chunk, _block, out _end))
            throw Malformed($"the block at {start} of {length} bytes is malformed");
    }

    private void ReadHeader(int alreadyRead)
    {
        var header = _chunk.AsSpan(0, Header.Length);
        if (alreadyRead + ReadUpTo(header[alreadyRead..]) < header.Length)
            throw Malformed("the stream ends inside a header");

        if (!header[..MagicLength].SequenceEqual(Header[..MagicLength]))
            throw Malformed("no snappy-java stream: a header must begin with 82 'SNAPPY' 00");

        // As snappy-java: the second number, the oldest version able to read the stream, is not looked at.
        var version = BinaryPrimitives.ReadInt32BigEndian(header[MagicLength..]);
        if (version < 1)
            throw Malformed($"version {version} in a header; 1 is the oldest");
    }

    private int ReadUpTo(Span<byte> buffer)
    {
        var read = _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        _offset += read;
        return read;
    }

    private InvalidDataException Malformed(string what) => new($"snappy stream at offset {_offset}: {what}");
}
