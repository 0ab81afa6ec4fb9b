namespace Quoll.Storage;

/// <summary>A disk file as a stream from its beginning, for the codecs.</summary>
/// <param name="file">The file, which is disposed with the stream.</param>
/// <param name="syncEvery">Bytes after which what was written is synced, so that the end does not come all at once; 0 for never.</param>
internal sealed class DiskFileStream(IDiskFile file, int syncEvery = 0) : Stream
{
    private long _position;
    private long _synced;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        var read = file.Read(_position, buffer);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        file.Write(_position, buffer);
        _position += buffer.Length;
        if (syncEvery > 0 && _position - _synced > syncEvery)
            Sync();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public void Sync()
    {
        file.Sync();
        _synced = _position;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }
}
