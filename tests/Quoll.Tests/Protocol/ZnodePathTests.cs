using System.Text;
using Quoll.Protocol;

namespace Quoll.Tests.Protocol;

public class ZnodePathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("/a/b/c")]
    [InlineData("/zookeeper/quota")]
    [InlineData("/...")]
    [InlineData("/....")]
    [InlineData("/.x")]
    [InlineData("/..x")]
    [InlineData("/x.")]
    [InlineData("/x..")]
    [InlineData("/a/.../b")]
    [InlineData("/a b")]
    [InlineData("/ ")]
    [InlineData("/~!@#$%^&*()\\\"'")]
    [InlineData("/\u00A0")]        // the first above the control characters
    [InlineData("/é/ü")]
    [InlineData("/\u3042")]
    [InlineData("/\uD7FF")]        // the last before the surrogates
    [InlineData("/\uF900")]        // the first after private use
    [InlineData("/\uFDD0")]        // no character, but allowed
    [InlineData("/\uFFEF")]        // the last before the specials
    public void A_path_that_is_good(string path) => Assert.True(IsValid(path));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData(" /a")]
    [InlineData("//")]
    [InlineData("/a/")]
    [InlineData("/a//b")]
    [InlineData("//a")]
    [InlineData("/.")]
    [InlineData("/..")]
    [InlineData("/a/.")]
    [InlineData("/a/..")]
    [InlineData("/./a")]
    [InlineData("/../a")]
    [InlineData("/a/./b")]
    [InlineData("/a/../b")]
    [InlineData("/\u007F")]
    [InlineData("/\u0080")]
    [InlineData("/\u009F")]
    [InlineData("/a\u0085/b")]
    [InlineData("/\uE000")]        // private use
    [InlineData("/\uF8FF")]
    [InlineData("/\uFFF0")]        // specials
    [InlineData("/\uFFFD")]
    [InlineData("/\uFFFF")]
    [InlineData("/\U0001F600")]    // two surrogates in Java
    [InlineData("/a\U00010000/b")]
    public void A_path_that_is_not(string path) => Assert.False(IsValid(path));

    [Fact]
    public void No_control_character_is_good_anywhere()
    {
        for (var c = '\0'; c < ' '; c++)
        {
            Assert.False(IsValid($"/{c}"));
            Assert.False(IsValid($"/a{c}"));
            Assert.False(IsValid($"/{c}/b"));
        }
    }

    [Fact]
    public void Every_character_is_good_or_not_as_the_table_says()
    {
        for (var c = 0; c <= 0xFFFF; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF or '/' or '.')
                continue;
            var bad = c <= 0x1F || c is >= 0x7F and <= 0x9F or >= 0xE000 and <= 0xF8FF or >= 0xFFF0;
            Assert.True(IsValid($"/x{(char)c}y") == !bad, $"U+{c:X4}");
        }
    }

    [Theory]
    [InlineData("2F FF")]                  // never a byte of UTF-8
    [InlineData("2F 80")]                  // a continuation of nothing
    [InlineData("2F C3")]                  // cut short
    [InlineData("2F C3 2F 61")]
    [InlineData("2F E2 82")]
    [InlineData("2F C0 AF")]               // a slash in two bytes
    [InlineData("2F C1 81")]               // an A in two bytes
    [InlineData("2F E0 80 AF")]            // a slash in three
    [InlineData("2F C0 80")]               // Java's modified zero
    [InlineData("2F ED A0 80")]            // a surrogate
    [InlineData("2F ED A0 BD ED B8 80")]   // two, as Java writes a character above U+FFFF
    [InlineData("2F F0 9F 98 80")]         // the same as UTF-8
    [InlineData("2F F4 90 80 80")]         // above U+10FFFF
    [InlineData("2F F8 88 80 80 80")]
    public void Bytes_that_are_no_utf8_are_no_path(string hex) =>
        Assert.False(ZnodePath.IsValid(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Theory]
    [InlineData("/", "", "")]
    [InlineData("/a", "", "a")]
    [InlineData("/a/b", "/a", "b")]
    [InlineData("/a/b/c", "/a/b", "c")]
    [InlineData("", "", "")]
    public void A_path_is_its_parent_and_a_name(string path, string parent, string name)
    {
        Assert.Equal(parent, Encoding.UTF8.GetString(ZnodePath.Parent(Encoding.UTF8.GetBytes(path))));
        Assert.Equal(name, Encoding.UTF8.GetString(ZnodePath.Name(Encoding.UTF8.GetBytes(path))));
    }

    private static bool IsValid(string path) => ZnodePath.IsValid(Encoding.UTF8.GetBytes(path));
}
