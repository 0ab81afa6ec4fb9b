using BenchmarkDotNet.Attributes;
using Quoll.Protocol;
using Quoll.Storage;

namespace Quoll.Benchmarks;

/// <summary>Records of 1 KB in the log, so many with one sync: to a disk that does nothing, and to the temporary directory.</summary>
public class LogBenchmarks
{
    private readonly byte[] _txn = new byte[1024];
    private string _directory = "";
    private TxnLog _null = null!;
    private TxnLog _real = null!;
    private Zxid _zxid;

    [Params(1, 100)]
    public int Group { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _directory = Directory.CreateTempSubdirectory("quoll-benchmarks-").FullName;
        var options = new TxnLogOptions(SizeLimit: 128 * 1024 * 1024);
        _null = new TxnLog(new NullDisk(), "/", options);
        _real = new TxnLog(new FileDisk(), _directory, options);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _null.Dispose();
        _real.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public void AppendAndSyncNowhere() => AppendAndSync(_null);

    [Benchmark]
    public void AppendAndSyncToDisk() => AppendAndSync(_real);

    private void AppendAndSync(TxnLog log)
    {
        for (var i = 0; i < Group; i++)
            log.Append(_zxid = _zxid.Next, _txn);
        log.Sync();
    }

    private sealed class NullDisk : IDisk, IDiskFile
    {
        public long Length => 0;

        public int Alignment => 1;

        public IReadOnlyList<string> List(string directory) => [];

        public bool DirectoryExists(string directory) => true;

        public void CreateDirectory(string directory)
        {
        }

        public void SyncDirectory(string directory)
        {
        }

        public IDiskFile Create(string path, bool direct = false) => this;

        public IDiskFile Open(string path) => this;

        public void Rename(string from, string to)
        {
        }

        public void Delete(string path)
        {
        }

        public int Read(long offset, Span<byte> buffer) => 0;

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
        }

        public bool TryReserve(long length) => true;

        public void Truncate(long length)
        {
        }

        public void Sync()
        {
        }

        public void Dispose()
        {
        }
    }
}
