using System.Text;

namespace Quoll.Protocol.Jute;

/// <summary>
/// Text as Java's jute writer encodes it: each UTF-16 unit on its own, so that a character above U+FFFF leaves as two surrogates of
/// three bytes each.
/// </summary>
public static class JavaText
{
    /// <summary>
    /// Decodes UTF-8 as Java does: a surrogate's three bytes, or its first two, are one U+FFFD, where .NET makes one of each byte.
    /// </summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        for (var at = 0; at + 1 < bytes.Length; at++)
        {
            if (bytes[at] != 0xED || (bytes[at + 1] & 0xE0) != 0xA0)
                continue;
            var length = at + 2 < bytes.Length && (bytes[at + 2] & 0xC0) == 0x80 ? 3 : 2;
            text.Append(Encoding.UTF8.GetString(bytes[..at])).Append('\uFFFD');
            bytes = bytes[(at + length)..];
            at = -1;
        }

        return text.Length == 0 ? Encoding.UTF8.GetString(bytes) : text.Append(Encoding.UTF8.GetString(bytes)).ToString();
    }

    public static byte[] Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return Encoding.UTF8.GetBytes(text);
        var bytes = new List<byte>(text.Length * 3);
        foreach (var c in text)
        {
            if (c < 0x80)
                bytes.Add((byte)c);
            else if (c < 0x800)
                bytes.AddRange([(byte)(0xC0 | (c >> 6)), (byte)(0x80 | (c & 0x3F))]);
            else
                bytes.AddRange([(byte)(0xE0 | (c >> 12)), (byte)(0x80 | ((c >> 6) & 0x3F)), (byte)(0x80 | (c & 0x3F))]);
        }

        return [.. bytes];
    }

    public static void Write(ref JuteWriter writer, string? text) =>
        writer.WriteBytes(text is null ? default : new JuteBytes(Encode(text)));
}
