using System.Globalization;
using System.Text;

namespace Quoll.Recipes.Partitioning;

/// <summary>Sets of partitions as people read them: <c>0-99,120</c>. Whoever keeps what he has for long has few ranges.</summary>
internal static class PartitionRanges
{
    /// <param name="partitions">In their order.</param>
    public static string Write(IEnumerable<int> partitions)
    {
        var text = new StringBuilder();
        var (first, last) = (-1, -2);
        foreach (var partition in partitions)
        {
            if (partition != last + 1)
            {
                Add(text, first, last);
                first = partition;
            }

            last = partition;
        }

        Add(text, first, last);
        return text.ToString();
    }

    /// <summary>The partitions in their order; null where it is no such set of numbers below a count.</summary>
    public static List<int>? Parse(string text, int count)
    {
        var partitions = new List<int>();
        if (text.Length == 0)
            return partitions;
        foreach (var range in text.Split(','))
        {
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            if (!TryParse(dash < 0 ? range : range[..dash], out var first))
                return null;
            if (!TryParse(range[(dash + 1)..], out var last))
                return null;
            if (last < first || last >= count || (partitions.Count > 0 && first <= partitions[^1]))
                return null;
            partitions.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return partitions;
    }

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static void Add(StringBuilder text, int first, int last)
    {
        if (first < 0)
            return;
        if (text.Length > 0)
            text.Append(',');
        text.Append(CultureInfo.InvariantCulture, $"{first}");
        if (last > first)
            text.Append(CultureInfo.InvariantCulture, $"-{last}");
    }
}
