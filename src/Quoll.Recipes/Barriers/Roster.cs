using System.Text;

namespace Quoll.Recipes.Barriers;

/// <summary>
/// Those who were there when a group was complete, as the znode that says so lists them. By it one sees for whom that was said: when none
/// of them is there any more, it is a leftover. What others' clients write there is no list, and holds for all.
/// </summary>
internal static class Roster
{
    private const string Heading = "members";

    public static byte[] Encode(IEnumerable<string> members) => Encoding.UTF8.GetBytes($"{Heading}\n{string.Join('\n', members)}");

    /// <summary>The members; null if this is no roster.</summary>
    public static string[]? Decode(ReadOnlySpan<byte> data)
    {
        var lines = Encoding.UTF8.GetString(data).Split('\n');
        return lines.Length > 1 && lines[0] == Heading ? lines[1..] : null;
    }
}
