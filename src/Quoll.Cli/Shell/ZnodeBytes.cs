using System.Text;
using System.Text.Unicode;

namespace Quoll.Cli.Shell;

/// <summary>The data of znodes as people write and read it.</summary>
internal static class ZnodeBytes
{
    public static bool IsText(ReadOnlySpan<byte> data) => Utf8.IsValid(data);

    public static string Write(byte[] data, ByteFormat format) => format switch
    {
        ByteFormat.Hex => Convert.ToHexStringLower(data),
        ByteFormat.Base64 => Convert.ToBase64String(data),
        _ => Encoding.UTF8.GetString(data),
    };

    /// <exception cref="UsageException">It is not in this format.</exception>
    public static byte[] Read(string text, ByteFormat format)
    {
        try
        {
            return format switch
            {
                ByteFormat.Hex => Convert.FromHexString(text),
                ByteFormat.Base64 => Convert.FromBase64String(text),
                _ => Encoding.UTF8.GetBytes(text),
            };
        }
        catch (FormatException)
        {
            throw new UsageException($"'{text}' is not {(format == ByteFormat.Hex ? "hexadecimal" : "base64")}.");
        }
    }

    /// <summary>Sixteen bytes a line, with their place and their letters, framed as zkCli frames them.</summary>
    public static string Dump(byte[] data)
    {
        const string frame = "+--------+-------------------------------------------------+----------------+";
        var text = new StringBuilder();
        text.Append("         +-------------------------------------------------+\n");
        text.Append("         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n");
        text.Append(frame);
        for (var at = 0; at < data.Length; at += 16)
        {
            var row = data.AsSpan(at, Math.Min(16, data.Length - at));
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n|{at:x8}|");
            foreach (var one in row)
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $" {one:x2}");
            text.Append(' ', (16 - row.Length) * 3).Append(" |");
            foreach (var one in row)
                text.Append(one is > 0x1f and < 0x7f ? (char)one : '.');
            text.Append(' ', 16 - row.Length).Append('|');
        }

        return text.Append('\n').Append(frame).ToString();
    }
}
