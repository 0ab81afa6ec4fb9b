using Quoll.Storage;

namespace Quoll.Cli.Shell;

/// <summary>The transactions of a log file, one after the other.</summary>
internal sealed class LogFile : IDisposable
{
    /// <summary>Longer than any that servers are told to write, and short enough not to be believed if it is damage.</summary>
    public const int MaxTxn = 256 << 20;

    private readonly FileInfo _file;
    private readonly TxnLogReader _reader;
    private byte[] _bytes = [];
    private int _length;
    private int _bodyLength;

    /// <exception cref="ShellException">It is no log.</exception>
    public LogFile(FileInfo file)
    {
        _file = file;
        try
        {
            _reader = new TxnLogReader(new FileDisk(), file.FullName, MaxTxn);
        }
        catch (StorageException e)
        {
            throw new ShellException(e.Message);
        }
    }

    public TxnText Current { get; private set; }

    /// <summary>Where the last whole one ends.</summary>
    public long Position => _reader.Position;

    /// <summary>What follows the last whole one is the beginning of one that was never finished.</summary>
    public bool IsTorn => _reader.Torn;

    /// <summary>And there are whole ones behind that.</summary>
    public bool IsFollowed => _reader.IsFollowed;

    private ReadOnlySpan<byte> Body => _bytes.AsSpan(0, _bodyLength);

    private ReadOnlySpan<byte> Digest => _bytes.AsSpan(_bodyLength.._length);

    /// <summary>Goes to the next; false at the end.</summary>
    /// <exception cref="ShellException">It is damaged.</exception>
    public bool MoveNext()
    {
        try
        {
            if (!_reader.TryRead(out var txn))
                return false;
            if (_bytes.Length < txn.Length)
                _bytes = new byte[txn.Length];
            txn.CopyTo(_bytes);
            _length = txn.Length;
            Current = TxnText.Read(txn, out _bodyLength);
            return true;
        }
        catch (StorageException e)
        {
            throw new ShellException(e.Message);
        }
    }

    /// <summary>Whether another's is the same; the digest of the tree only where both have one, which is up to their servers.</summary>
    public bool IsSameAs(LogFile other) =>
        Body.SequenceEqual(other.Body) && (Digest.IsEmpty || other.Digest.IsEmpty || Digest.SequenceEqual(other.Digest));

    public void Dispose() => _reader.Dispose();

    public override string ToString() => _file.ToString();
}
