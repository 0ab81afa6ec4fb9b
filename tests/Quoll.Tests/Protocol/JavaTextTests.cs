using System.Buffers;
using System.Text;
using Quoll.Protocol.Jute;

namespace Quoll.Tests.Protocol;

public class JavaTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("abc", "616263")]
    [InlineData("ä", "C3A4")]
    [InlineData("€", "E282AC")]
    [InlineData("a\U0001F600b", "61 EDA0BD EDB880 62")]   // each surrogate on its own
    [InlineData("\uFFFD", "EFBFBD")]
    public void Text_is_encoded_one_utf16_unit_at_a_time(string text, string hex)
    {
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(JavaText.Encode(text)));
        if (!text.Any(char.IsSurrogate))
            Assert.Equal(text, JavaText.Decode(JavaText.Encode(text)));
    }

    [Fact]
    public void A_lone_surrogate_is_encoded_too()
    {
        Assert.Equal("EDA080", Convert.ToHexString(JavaText.Encode("\uD800")));
        Assert.Equal("61EDBFBF", Convert.ToHexString(JavaText.Encode("a\uDFFF")));
    }

    // As Java's decoder for UTF-8 with replacement has it: one U+FFFD for each longest beginning of a character.
    [Theory]
    [InlineData("616263", "abc")]
    [InlineData("F09F9880", "\U0001F600")]
    [InlineData("61 FF 62", "a\uFFFDb")]
    [InlineData("C0 AF", "\uFFFD\uFFFD")]
    [InlineData("E2 82", "\uFFFD")]
    [InlineData("E2 82 61", "\uFFFDa")]
    [InlineData("ED A0 BD", "\uFFFD")]
    [InlineData("61 ED A0 BD ED B8 80 62", "a\uFFFD\uFFFDb")]
    [InlineData("E2 82 ED A0 BD", "\uFFFD\uFFFD")]
    [InlineData("ED A0", "\uFFFD")]
    [InlineData("ED", "\uFFFD")]
    [InlineData("ED A0 61", "\uFFFDa")]
    [InlineData("ED 9F BF", "\uD7FF")]
    public void Bytes_are_decoded_as_java_does(string hex, string expected) =>
        Assert.Equal(expected, JavaText.Decode(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void Any_text_without_surrogates_comes_back()
    {
        var random = new Random(20260304);
        for (var i = 0; i < 1000; i++)
        {
            var text = new StringBuilder();
            for (var length = random.Next(30); length > 0; length--)
                text.Append((char)(random.Next(3) == 0 ? random.Next(0xE000, 0x10000) : random.Next(0xD800)));
            Assert.Equal(text.ToString(), JavaText.Decode(JavaText.Encode(text.ToString())));
        }
    }

    [Fact]
    public void Null_text_is_a_null_string()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new JuteWriter(output);
        JavaText.Write(ref writer, null);
        JavaText.Write(ref writer, "");
        JavaText.Write(ref writer, "é");
        writer.Commit();

        Assert.Equal("FFFFFFFF" + "00000000" + "00000002C3A9", Convert.ToHexString(output.WrittenSpan));
    }
}
