using System.Text;
using Quoll.Storage.Compression;

namespace Quoll.Tests.Storage.Compression;

public class SnappyBlockTests
{
    // Each written by hand from the format's description.
    [Theory]
    [InlineData("00", "")]
    [InlineData("01 00 61", "a")]
    [InlineData("0A 00 61 09 01 0A 01 00", "aaaaaaaaaa")]                    // a near copy of 6 that overlaps, and a far one of 3
    [InlineData("09 0C 61 62 63 64 01 04 00 65", "abcdabcde")]               // a near copy between literals
    [InlineData("08 0C 61 62 63 64 0F 04 00 00 00", "abcdabcd")]             // an offset of 32 bits
    [InlineData("05 F0 04 61 62 63 64 65", "abcde")]                         // a literal's length in one byte more than needed
    [InlineData("05 F4 04 00 61 62 63 64 65", "abcde")]
    [InlineData("05 F8 04 00 00 61 62 63 64 65", "abcde")]
    [InlineData("05 FC 04 00 00 00 61 62 63 64 65", "abcde")]
    public void Every_kind_of_element_is_read(string block, string expected)
    {
        var output = new byte[100];

        Assert.True(SnappyBlock.TryDecompress(Hex(block), output, out var written));
        Assert.Equal(expected, Encoding.ASCII.GetString(output, 0, written));
    }

    [Theory]
    [InlineData("")]                            // no length
    [InlineData("80")]                          // half a length
    [InlineData("80 80 80 80 80 00")]           // a length in six bytes
    [InlineData("80 80 80 80 08")]              // 2^31
    [InlineData("01")]                          // too little
    [InlineData("01 04 61 62")]                 // too much
    [InlineData("02 04 61")]                    // a literal past the end
    [InlineData("01 F0")]                       // a literal without its length
    [InlineData("01 FC FF FF FF FF 61")]        // a literal of 2^32
    [InlineData("05 00 61 01 00")]              // an offset of nothing
    [InlineData("05 00 61 01 02")]              // an offset before the beginning
    [InlineData("05 00 61 0F FF FF FF FF")]     // a negative offset
    [InlineData("05 00 61 01")]                 // a copy without its offset
    [InlineData("04 00 61 01 01")]              // a copy of one byte too many
    public void A_malformed_block_is_refused(string block)
    {
        Assert.False(SnappyBlock.TryDecompress(Hex(block), new byte[100], out var written));
        Assert.Equal(0, written);
    }

    [Fact]
    public void What_is_compressed_decompresses_to_itself()
    {
        var random = new Random(20260218);
        foreach (var length in SnappySamples.Lengths(random))
        {
            foreach (var sample in SnappySamples.Of(random, length))
            {
                var block = Compress(sample);
                var output = new byte[sample.Length];

                Assert.True(SnappyBlock.TryGetDecompressedLength(block, out var claimed));
                Assert.Equal(sample.Length, claimed);
                Assert.True(SnappyBlock.TryDecompress(block, output, out var written));
                Assert.Equal(sample.Length, written);
                Assert.True(sample.AsSpan().SequenceEqual(output));
            }
        }
    }

    [Fact]
    public void What_repeats_becomes_much_smaller()
    {
        Assert.InRange(Compress(new byte[32_768]).Length, 1, 1_700);
        Assert.InRange(Compress(SnappySamples.Paths(new Random(20260219), 32_768)).Length, 1, 13_000);
    }

    [Fact]
    public void Bytes_behind_the_room_needed_are_left_alone()
    {
        var sample = SnappySamples.Paths(new Random(20260220), 1000);
        var output = new byte[1100];
        Array.Fill(output, (byte)0xEE);

        Assert.True(SnappyBlock.TryDecompress(Compress(sample), output, out _));
        Assert.True(output.AsSpan(1000).IndexOfAnyExcept((byte)0xEE) < 0);
    }

    [Fact]
    public void An_output_too_short_is_refused()
    {
        var sample = SnappySamples.Paths(new Random(20260221), 1000);

        Assert.False(SnappyBlock.TryDecompress(Compress(sample), new byte[999], out _));
        Assert.Throws<ArgumentException>(() => SnappyBlock.Compress(sample, new byte[SnappyBlock.MaxCompressedLength(1000) - 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnappyBlock.MaxCompressedLength(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnappyBlock.MaxCompressedLength(-1));
    }

    [Fact]
    public void Any_bytes_at_all_are_decompressed_or_refused()
    {
        var random = new Random(20260222);
        var output = new byte[2000];
        for (var i = 0; i < 20_000; i++)
        {
            var block = Compress(SnappySamples.Paths(random, random.Next(1, 1500)));
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                block[random.Next(block.Length)] ^= (byte)(1 << random.Next(8));

            if (!SnappyBlock.TryDecompress(block, output, out var written))
                Assert.Equal(0, written);
        }
    }

    private static byte[] Compress(byte[] sample)
    {
        var output = new byte[SnappyBlock.MaxCompressedLength(sample.Length)];
        return output[..SnappyBlock.Compress(sample, output)];
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
