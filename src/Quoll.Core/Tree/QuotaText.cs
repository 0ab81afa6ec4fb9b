using System.Globalization;
using System.Text;

namespace Quoll.Core.Tree;

/// <summary>
/// The text of a quota's limits and of its usage (<c>StatsTrack</c>): <c>count=3,bytes=-1=;byteHardLimit=5</c>. -1 is "no limit".
/// </summary>
internal sealed class QuotaText
{
    private readonly SortedDictionary<string, long> _others = new(StringComparer.Ordinal);

    public long Count { get; set; } = -1;

    public long Bytes { get; set; } = -1;

    public long CountHardLimit => _others.GetValueOrDefault("countHardLimit", -1);

    public long ByteHardLimit => _others.GetValueOrDefault("byteHardLimit", -1);

    /// <summary>Reads what can be read: a part that is no <c>key=number</c> counts as absent.</summary>
    public static QuotaText Parse(ReadOnlySpan<byte> text)
    {
        var result = new QuotaText();
        foreach (var pair in Encoding.UTF8.GetString(text).Split([',', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=');
            var number = -1L;
            if (parts.Length < 2 || (parts[1].Length > 0
                && !long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)))
                continue;
            if (parts[0] == "count")
                result.Count = number;
            else if (parts[0] == "bytes")
                result.Bytes = number;
            else
                result._others[parts[0]] = number;
        }

        return result;
    }

    public byte[] ToBytes()
    {
        var text = new StringBuilder($"count={Count},bytes={Bytes}");
        if (_others.Count > 0)
        {
            // Readers of 3.6 and older stop at the second '='.
            text.Append('=');
            foreach (var (key, value) in _others)
                text.Append(CultureInfo.InvariantCulture, $";{key}={value}");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
