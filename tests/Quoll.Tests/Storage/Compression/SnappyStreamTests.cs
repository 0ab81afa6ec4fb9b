using System.IO.Compression;
using Quoll.Storage.Compression;

namespace Quoll.Tests.Storage.Compression;

public class SnappyStreamTests
{
    private const string Header = "82534E4150505900 00000001 00000001";

    [Theory]
    [InlineData("", Header)]
    [InlineData("a", Header + "00000003 010061")]
    public void The_bytes_are_those_of_snappy_java(string text, string expected) =>
        Assert.Equal(Hex(expected), Compress([.. text.Select(c => (byte)c)]));

    [Fact]
    public void What_is_written_is_read_back_in_pieces_of_any_size()
    {
        var random = new Random(20260223);
        foreach (var length in SnappySamples.Lengths(random))
        {
            foreach (var sample in SnappySamples.Of(random, length))
                Assert.True(sample.AsSpan().SequenceEqual(Decompress(CompressInPieces(sample, random), random)));
        }
    }

    [Fact]
    public void A_block_is_32_KiB_and_flush_ends_one_early()
    {
        var inner = new MemoryStream();
        using var stream = new SnappyStream(inner, CompressionMode.Compress);

        stream.Write(new byte[SnappyStream.BlockLength]);
        Assert.Equal(0, inner.Length);
        stream.WriteByte(0);
        Assert.InRange(inner.Length, 17, SnappyStream.BlockLength);

        var before = inner.Length;
        stream.Flush();
        Assert.Equal(before + 4 + 3, inner.Length);
        stream.Flush();
        Assert.Equal(before + 4 + 3, inner.Length);
    }

    [Fact]
    public void Concatenated_streams_are_read_as_one()
    {
        byte[] both = [.. Compress("one "u8.ToArray()), .. Compress([]), .. Compress("two"u8.ToArray())];

        Assert.Equal("one two"u8.ToArray(), Decompress(both));
    }

    [Fact]
    public void A_chunk_of_nothing_is_not_the_end()
    {
        var bytes = Hex(Header + "00000001 00" + "00000003 010061");

        Assert.Equal("a"u8.ToArray(), Decompress(bytes));
    }

    [Fact]
    public void A_chunk_larger_than_we_write_is_read_up_to_the_bound()
    {
        var sample = new byte[SnappyStream.MaxBlockLength];
        new Random(20260224).NextBytes(sample);
        Assert.True(sample.AsSpan().SequenceEqual(Decompress(InOneChunk(sample))));

        var exception = Assert.Throws<InvalidDataException>(() => Decompress(InOneChunk(new byte[SnappyStream.MaxBlockLength + 1])));
        Assert.Contains("the block at 20 does not begin with a length of at most 1048576", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0, "ends inside a header")]
    [InlineData("82534E", 3, "ends inside a header")]
    [InlineData("010061 00000000000000000000000000000000", 16, "no snappy-java stream")] // a raw block
    [InlineData("82534E4150505900 00000000 00000000", 16, "version 0")]
    [InlineData("82534E4150505900 FFFFFFFF 00000001", 16, "version -1")]
    [InlineData(Header + "0000", 18, "inside the length of a chunk")]
    [InlineData(Header + "00000000", 20, "a chunk of 0 bytes")]
    [InlineData(Header + "FFFFFFFF", 20, "a chunk of -1 bytes")]
    [InlineData(Header + "7FFFFFFF", 20, "a chunk of 2147483647 bytes")]
    [InlineData(Header + "00000003 0100", 22, "ends inside a chunk")]
    [InlineData(Header + "00000003 020061", 23, "the block at 20 of 3 bytes is malformed")]
    [InlineData(Header + "00000006 FFFFFFFF0761", 26, "does not begin with a length")] // claims 2 GiB
    [InlineData(Header + "82534E41505059", 23, "ends inside a header")]
    [InlineData(Header + "82534E4150505901 00000001 00000001", 32, "no snappy-java stream")]
    public void Malformed_streams_are_refused_with_the_offset(string stream, long offset, string reason)
    {
        var exception = Assert.Throws<InvalidDataException>(() => Decompress(Hex(stream)));

        Assert.Contains($"at offset {offset}: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    // The sum of what a snapshot holds is the caller's to check: a cut between two chunks looks like an end.
    [Fact]
    public void A_cut_stream_fails_unless_the_cut_is_between_two_chunks()
    {
        var inner = new MemoryStream();
        var ends = new List<long>();
        using (var stream = new SnappyStream(inner, CompressionMode.Compress))
        {
            foreach (var part in (string[])["", "one", "two two two two two two", "three"])
            {
                stream.Write([.. part.Select(c => (byte)c)]);
                stream.Flush();
                ends.Add(inner.Length);
            }
        }

        var whole = inner.ToArray();
        for (var length = 0; length <= whole.Length; length++)
        {
            if (ends.Contains(length))
                Assert.True(Decompress(whole).AsSpan().StartsWith(Decompress(whole[..length])));
            else
                Assert.Throws<InvalidDataException>(() => Decompress(whole[..length]));
        }
    }

    [Fact]
    public void A_flipped_byte_throws_nothing_but_InvalidDataException()
    {
        var random = new Random(20260225);
        for (var round = 0; round < 20; round++)
        {
            byte[] whole = [.. Compress(SnappySamples.Paths(random, random.Next(400))), .. Compress(SnappySamples.Paths(random, 300))];
            for (var at = 0; at < whole.Length; at++)
            {
                var damaged = whole.ToArray();
                damaged[at] ^= (byte)random.Next(1, 256);
                try
                {
                    Decompress(damaged);
                }
                catch (InvalidDataException)
                {
                }
            }
        }
    }

    [Fact]
    public void A_stream_goes_one_way_and_ends_when_disposed()
    {
        var inner = new MemoryStream();
        var writer = new SnappyStream(inner, CompressionMode.Compress, leaveOpen: true);
        Assert.True(writer is { CanWrite: true, CanRead: false, CanSeek: false });
        Assert.Throws<NotSupportedException>(() => writer.ReadByte());
        writer.Dispose();
        writer.Dispose();
        Assert.Equal(16, inner.Length);
        Assert.Throws<ObjectDisposedException>(() => writer.WriteByte(0));
        Assert.Throws<ObjectDisposedException>(writer.Flush);

        inner.Position = 0;
        var reader = new SnappyStream(inner, CompressionMode.Decompress);
        Assert.True(reader is { CanWrite: false, CanRead: true, CanSeek: false });
        Assert.Throws<NotSupportedException>(() => reader.WriteByte(0));
        reader.Dispose();
        Assert.False(inner.CanRead);
        Assert.Throws<ArgumentException>(() => new SnappyStream(inner, CompressionMode.Compress));
    }

    private static byte[] Compress(byte[] sample)
    {
        var inner = new MemoryStream();
        using (var stream = new SnappyStream(inner, CompressionMode.Compress))
            stream.Write(sample);

        return inner.ToArray();
    }

    private static byte[] CompressInPieces(byte[] sample, Random random)
    {
        var inner = new MemoryStream();
        using (var stream = new SnappyStream(inner, CompressionMode.Compress))
        {
            for (var at = 0; at < sample.Length;)
            {
                var count = Math.Min(sample.Length - at, random.Next(1, 50_000));
                stream.Write(sample, at, count);
                at += count;
            }
        }

        return inner.ToArray();
    }

    private static byte[] Decompress(byte[] bytes, Random? random = null)
    {
        using var stream = new SnappyStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var result = new MemoryStream();
        var buffer = new byte[50_000];
        while (stream.Read(buffer, 0, random?.Next(1, buffer.Length) ?? buffer.Length) is > 0 and var count)
            result.Write(buffer, 0, count);

        return result.ToArray();
    }

    private static byte[] InOneChunk(byte[] sample)
    {
        var block = new byte[SnappyBlock.MaxCompressedLength(sample.Length)];
        var length = SnappyBlock.Compress(sample, block);
        return [.. Hex(Header), .. Hex(length.ToString("X8", null)), .. block[..length]];
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
