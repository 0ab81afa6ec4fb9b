using System.Globalization;
using System.Text;

namespace Quoll.Server.Config;

/// <summary>One setting as it stands in the file; the line is where its key begins, counted from 1.</summary>
internal readonly record struct ZooCfgEntry(string Key, string Value, int Line);

/// <summary>A place where the file cannot be read as properties.</summary>
internal readonly record struct ZooCfgFault(string Key, string Message, int Line);

/// <summary>
/// A zoo.cfg: the syntax of java.util.Properties, and nothing of what the keys mean. A key that is given twice has its last
/// value, as in Java; the earlier ones are in <see cref="Overridden"/>, so that somebody can be told.
/// </summary>
internal sealed record ZooCfgFile(
    IReadOnlyList<ZooCfgEntry> Entries,
    IReadOnlyList<ZooCfgEntry> Overridden,
    IReadOnlyList<ZooCfgFault> Faults)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>No others: a form feed is a blank in a properties file, while .NET's own notion of lines ends one there.</summary>
    private static readonly string[] LineEnds = ["\r\n", "\n", "\r"];

    public static ZooCfgFile Parse(ReadOnlySpan<byte> bytes)
    {
        var all = new List<ZooCfgEntry>();
        var faults = new List<ZooCfgFault>();
        foreach (var (text, line) in LogicalLines(Decode(bytes)))
            ReadEntry(text, line, all, faults);

        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < all.Count; i++)
            last[all[i].Key] = i;

        return new ZooCfgFile(
            [.. all.Where((entry, i) => last[entry.Key] == i)],
            [.. all.Where((entry, i) => last[entry.Key] != i)],
            faults);
    }

    /// <summary>Java reads Latin-1; people write UTF-8. Latin-1 text with accents is practically never valid UTF-8.</summary>
    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            bytes = bytes[3..];

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    /// <summary>Joins continued lines; leaves out blank lines and comments. A comment cannot be continued.</summary>
    private static IEnumerable<(string Text, int Line)> LogicalLines(string text)
    {
        var joined = new StringBuilder();
        var first = 0;
        var number = 0;
        foreach (var natural in text.Split(LineEnds, StringSplitOptions.None))
        {
            number++;
            var line = natural.TrimStart(' ', '\t', '\f');
            if (joined.Length == 0 && (line.Length == 0 || line[0] is '#' or '!'))
            {
                first = 0;
                continue;
            }

            first = first == 0 ? number : first;
            var continues = EndsInOddBackslashes(line);
            joined.Append(continues ? line[..^1] : line);
            if (continues)
                continue;

            yield return (joined.ToString(), first);
            joined.Clear();
            first = 0;
        }

        if (first != 0)
            yield return (joined.ToString(), first);
    }

    private static bool EndsInOddBackslashes(string line) => (line.Length - line.TrimEnd('\\').Length) % 2 == 1;

    private static void ReadEntry(string text, int line, List<ZooCfgEntry> entries, List<ZooCfgFault> faults)
    {
        var keyEnd = 0;
        while (keyEnd < text.Length && text[keyEnd] is not ('=' or ':' or ' ' or '\t' or '\f'))
            keyEnd += text[keyEnd] == '\\' ? 2 : 1;
        keyEnd = Math.Min(keyEnd, text.Length);

        var valueStart = SkipBlanks(text, keyEnd);
        if (valueStart < text.Length && text[valueStart] is '=' or ':')
            valueStart = SkipBlanks(text, valueStart + 1);

        // ZooKeeper trims what Java has read, so an escaped blank at an end does not count.
        var keyRead = TryUnescape(text.AsSpan(0, keyEnd), out var key);
        if (keyRead & TryUnescape(text.AsSpan(valueStart), out var value))
            entries.Add(new ZooCfgEntry(key.Trim(), value.Trim(), line));
        else
            faults.Add(new ZooCfgFault(key.Trim(), @"\u must be followed by four hexadecimal digits (a backslash is written \\)", line));
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\f')
            at++;
        return at;
    }

    private static bool TryUnescape(ReadOnlySpan<char> escaped, out string text)
    {
        var plain = new StringBuilder(escaped.Length);
        var good = true;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\' || ++i == escaped.Length)
            {
                if (i < escaped.Length)
                    plain.Append(escaped[i]);
                continue;
            }

            if (escaped[i] != 'u')
            {
                plain.Append(escaped[i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', var itself => itself });
                continue;
            }

            var digits = escaped.Slice(i + 1, Math.Min(4, escaped.Length - i - 1));
            var isHex = ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code);
            good &= isHex && digits.Length == 4;
            plain.Append((char)code);
            i += digits.Length;
        }

        text = plain.ToString();
        return good;
    }
}
