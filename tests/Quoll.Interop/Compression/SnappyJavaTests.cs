using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Quoll.Storage.Compression;

namespace Quoll.Interop.Compression;

/// <summary>Our snappy streams against those of snappy-java, the library that ZooKeeper compresses snapshots with.</summary>
public class SnappyJavaTests(SnappyPipe pipe) : IClassFixture<SnappyPipe>
{
    public static TheoryData<string> Kinds => ["empty", "one byte", "noise", "zeros", "paths"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_we_write_Java_reads(string kind)
    {
        var sample = Sample(kind);
        var ours = new MemoryStream();
        await using (var stream = new SnappyStream(ours, CompressionMode.Compress, leaveOpen: true))
            stream.Write(sample);

        var theirs = await pipe.RunAsync("d", ours.ToArray());

        Assert.True(sample.AsSpan().SequenceEqual(theirs));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_Java_writes_we_read(string kind)
    {
        var sample = Sample(kind);
        var theirs = await pipe.RunAsync("c", sample);

        Assert.True(sample.AsSpan().SequenceEqual(Decompress(theirs)));
    }

    [Fact]
    public async Task Both_read_concatenated_streams_of_each_other()
    {
        var ours = new MemoryStream();
        using (var stream = new SnappyStream(ours, CompressionMode.Compress))
            stream.Write("ours "u8);

        byte[] both = [.. ours.ToArray(), .. await pipe.RunAsync("c", "theirs "u8.ToArray()), .. ours.ToArray()];

        Assert.Equal("ours theirs ours "u8.ToArray(), Decompress(both));
        Assert.Equal("ours theirs ours "u8.ToArray(), await pipe.RunAsync("d", both));
    }

    private static byte[] Sample(string kind)
    {
        var random = new Random(20260226);
        var noise = new byte[100_000];
        random.NextBytes(noise);
        var paths = new StringBuilder();
        while (paths.Length < 1_000_000)
            paths.Append("/services/region-").Append(random.Next(4)).Append("/member-").Append(random.Next(100_000)).Append('\0', 20);

        return kind switch
        {
            "empty" => [],
            "one byte" => [7],
            "noise" => noise,
            "zeros" => new byte[3_000_000],
            "paths" => Encoding.ASCII.GetBytes(paths.ToString()),
            _ => throw new UnreachableException(kind),
        };
    }

    private static byte[] Decompress(byte[] bytes)
    {
        using var stream = new SnappyStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var result = new MemoryStream();
        stream.CopyTo(result);
        return result.ToArray();
    }
}
