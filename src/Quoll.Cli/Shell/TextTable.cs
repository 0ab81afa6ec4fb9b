using System.Text;

namespace Quoll.Cli.Shell;

/// <summary>Rows below heads, each column as wide as it must be; a head that begins with a space has its column at the right.</summary>
internal static class TextTable
{
    public static IEnumerable<string> Write(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.Prepend([.. heads.Select(head => head.TrimStart())]).ToList();
        var widths = Enumerable.Range(0, heads.Count).Select(column => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
        {
            var line = new StringBuilder();
            for (var column = 0; column < heads.Count; column++)
            {
                var cell = heads[column][0] == ' ' ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]);
                line.Append(column > 0 ? "  " : "").Append(cell);
            }

            yield return line.ToString().TrimEnd();
        }
    }
}
