using BenchmarkDotNet.Attributes;
using Quoll.Protocol.Checksums;

namespace Quoll.Benchmarks;

/// <summary>What stands in every log record and snapshot, and in the digest.</summary>
public class ChecksumBenchmarks
{
    private byte[] _bytes = [];

    [Params(60, 1024, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bytes = new byte[Length];
        new Random(1).NextBytes(_bytes);
    }

    [Benchmark]
    public uint Adler() => Adler32.Append(1, _bytes);

    [Benchmark]
    public uint Crc() => Crc32.Append(0, _bytes);
}
