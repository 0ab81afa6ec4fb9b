using System.Globalization;
using System.Text;

namespace Quoll.Core.Quorum;

/// <summary>
/// Compares what other servers go by with what this one goes by: who is in the ensemble, who votes, and with what weight. Hosts and ports
/// are each server's own affair: one may have another name for itself, or for others.
/// </summary>
internal sealed class ConfigComparison(EnsembleConfig own)
{
    /// <summary>Servers whose text is remembered; of more, nothing is said.</summary>
    private const int MostServers = 256;
    private const int LongestList = 1_000;
    private readonly List<string> _own = Facts(own.ToString());
    private readonly Dictionary<long, byte[]> _told = [];

    /// <summary>How a server's text differs; null if it does not, or is the one that it told last.</summary>
    public string? News(long server, ReadOnlySpan<byte> text)
    {
        var isKnown = _told.TryGetValue(server, out var last);
        if (text.IsEmpty || (isKnown && text.SequenceEqual(last)) || (!isKnown && _told.Count == MostServers))
            return null;
        _told[server] = text.ToArray();
        return Difference(text);
    }

    /// <summary>What only one of the two has; null if both have the same.</summary>
    public string? Difference(ReadOnlySpan<byte> text)
    {
        var there = Facts(Encoding.UTF8.GetString(text));
        var (onlyThere, onlyHere) = (List(there.Except(_own)), List(_own.Except(there)));
        return (onlyThere, onlyHere) switch
        {
            ("", "") => null,
            (_, "") => $"only there: {onlyThere}",
            ("", _) => $"only here: {onlyHere}",
            _ => $"there: {onlyThere}; here: {onlyHere}",
        };
    }

    /// <summary>The version of a text: the zxid of the change that made it so; 0 if it was read from a file.</summary>
    public static long VersionOf(ReadOnlySpan<byte> text)
    {
        foreach (var (key, value) in Lines(Encoding.UTF8.GetString(text)))
        {
            if (key == "version" && long.TryParse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var version))
                return version;
        }

        return 0;
    }

    private static string List(IEnumerable<string> facts)
    {
        var list = string.Join(", ", facts.Order(StringComparer.Ordinal));
        return list.Length <= LongestList ? list : list[..LongestList] + "...";
    }

    private static List<string> Facts(string text)
    {
        var facts = new List<string>();
        foreach (var (key, value) in Lines(text))
        {
            var kind = key.Split('.')[0];
            if (!IsNumbers(key[kind.Length..].TrimStart('.')))
                continue;
            if (kind == "server")
                facts.Add($"{key} {(IsObserver(value) ? "observes" : "votes")}");
            else if (kind == "group" && IsNumbers(value))
                facts.Add($"{key}={string.Join(':', value.Split(':').Order(StringComparer.Ordinal))}");
            else if (kind == "weight" && IsNumbers(value) && value != "1")
                facts.Add($"{key}={value}");
        }

        return facts;
    }

    private static IEnumerable<(string Key, string Value)> Lines(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split('=', 2, StringSplitOptions.TrimEntries) is [var key, var value])
                yield return (key, value);
        }
    }

    private static bool IsObserver(string member) => member.Split(';')[0].EndsWith(":observer", StringComparison.OrdinalIgnoreCase);

    // Nothing else may come into the log.
    private static bool IsNumbers(string text) => text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c == ':');
}
