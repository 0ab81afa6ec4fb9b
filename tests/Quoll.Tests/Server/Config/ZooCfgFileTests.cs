using System.Text;
using Quoll.Server.Config;

namespace Quoll.Tests.Server.Config;

public class ZooCfgFileTests
{
    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a:b", "a", "b")]
    [InlineData("a b", "a", "b")]
    [InlineData("a\tb", "a", "b")]
    [InlineData("  a  =  b  ", "a", "b")]
    [InlineData("a = = b", "a", "= b")]
    [InlineData("a=b=c:d", "a", "b=c:d")]
    [InlineData("a", "a", "")]
    [InlineData("a=", "a", "")]
    [InlineData("=b", "", "b")]
    [InlineData("a=b # no comment", "a", "b # no comment")]
    [InlineData(@"a\=b=c", "a=b", "c")]
    [InlineData(@"a\ b c", "a b", "c")]
    [InlineData(@"a=\u0041\u00e9", "a", "Aé")]
    [InlineData(@"a=x\ty\nz\r\f.", "a", "x\ty\nz\r\f.")]
    [InlineData(@"a=c:\\dir\\x", "a", @"c:\dir\x")]
    [InlineData(@"a=\q", "a", "q")]
    [InlineData("a=b\\\n   c", "a", "bc")]
    [InlineData("a=b\\\r\n\t#c", "a", "b#c")]
    [InlineData("a=b\\\\", "a", "b\\")]
    [InlineData("a=b\\", "a", "b")]
    [InlineData("a=b\fc", "a", "b\fc")]
    [InlineData("\\\n#comment\na=b", "a", "b", 3)]
    [InlineData("\uFEFFa=b", "a", "b")]
    public void A_line_is_read_as_Java_reads_it(string text, string key, string value, int line = 1)
    {
        var file = Parse(text);

        Assert.Equal([new ZooCfgEntry(key, value, line)], file.Entries);
        Assert.Empty(file.Faults);
    }

    [Fact]
    public void Comments_and_blank_lines_are_passed_over_but_counted()
    {
        var file = Parse("# one\n\n  ! two \\\na=1\r\n   \r\nb=2\\\n\n  # still blank\rc=3");

        Assert.Equal([new("a", "1", 4), new("b", "2", 6), new("c", "3", 9)], file.Entries);
    }

    [Fact]
    public void The_last_of_two_equal_keys_wins_and_the_other_is_kept_apart()
    {
        var file = Parse("a=1\nb=2\na=3");

        Assert.Equal([new("b", "2", 2), new("a", "3", 3)], file.Entries);
        Assert.Equal([new("a", "1", 1)], file.Overridden);
    }

    [Fact]
    public void Text_is_UTF_8_or_else_Latin_1()
    {
        Assert.Equal("é", Parse("a=é").Entries[0].Value);
        Assert.Equal("é", ZooCfgFile.Parse([(byte)'a', (byte)'=', 0xE9]).Entries[0].Value);
    }

    [Theory]
    [InlineData(@"a=\u12")]
    [InlineData(@"a=\u12x4")]
    [InlineData(@"a=\u")]
    public void A_broken_escape_is_a_fault_with_its_line_and_key(string text)
    {
        var file = Parse("b=1\n" + text);

        Assert.Equal([new ZooCfgEntry("b", "1", 1)], file.Entries);
        Assert.Equal(("a", 2), (Assert.Single(file.Faults).Key, file.Faults[0].Line));
    }

    private static ZooCfgFile Parse(string text) => ZooCfgFile.Parse(Encoding.UTF8.GetBytes(text));
}
