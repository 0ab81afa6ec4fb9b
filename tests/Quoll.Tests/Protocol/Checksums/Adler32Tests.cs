using System.Runtime.Intrinsics.X86;
using System.Text;
using Quoll.Protocol.Checksums;

namespace Quoll.Tests.Protocol.Checksums;

public class Adler32Tests
{
    private const uint Modulus = 65521;

    [Theory]
    [InlineData("", 0x00000001u)]
    [InlineData("a", 0x00620062u)]
    [InlineData("123456789", 0x091E01DEu)]
    [InlineData("Wikipedia", 0x11E60398u)]
    public void Known_texts_have_their_known_values(string text, uint expected) =>
        Assert.Equal(expected, Adler32.Append(1, Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Every_length_agrees_with_the_definition_wherever_it_lies_and_whatever_was_before()
    {
        var random = new Random(20260216);
        var bytes = new byte[5100];
        random.NextBytes(bytes);

        foreach (var length in ChecksumLengths.Of(random))
        {
            var before = (uint)random.Next((int)Modulus) << 16 | (uint)random.Next((int)Modulus);
            AllPathsAgree(before, bytes.AsSpan(random.Next(64), length));
        }
    }

    [Fact]
    public void A_split_anywhere_changes_nothing()
    {
        var random = new Random(20260217);
        var bytes = new byte[333];
        random.NextBytes(bytes);
        var whole = Naive(1, bytes);

        for (var split = 0; split <= bytes.Length; split++)
            Assert.Equal(whole, Adler32.Append(Adler32.Append(1, bytes.AsSpan(0, split)), bytes.AsSpan(split)));
    }

    // Nothing sums higher than this, so a sum that could pass 32 bits, or a column 16, would do so here.
    [Theory]
    [InlineData(5535)]
    [InlineData(5536)]
    [InlineData(5552)]
    [InlineData(5567)]
    [InlineData(11072)]
    [InlineData(1_000_003)]
    public void The_largest_sums_do_not_overflow(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)0xFF);

        AllPathsAgree((Modulus - 1) << 16 | (Modulus - 1), bytes);
    }

    private static void AllPathsAgree(uint before, ReadOnlySpan<byte> bytes)
    {
        var expected = Naive(before, bytes);

        Assert.Equal(expected, Adler32.Append(before, bytes));
        Assert.Equal(expected, Adler32.AppendScalar(before, bytes));
        Assert.Equal(expected, Adler32.AppendVector128(before, bytes));
        if (Avx2.IsSupported && bytes.Length >= 32)
            Assert.Equal(expected, Adler32.AppendAvx2(before, bytes));
    }

    private static uint Naive(uint adler, ReadOnlySpan<byte> bytes)
    {
        var (low, high) = (adler & 0xFFFF, adler >> 16);
        foreach (var value in bytes)
        {
            low = (low + value) % Modulus;
            high = (high + low) % Modulus;
        }

        return high << 16 | low;
    }
}
