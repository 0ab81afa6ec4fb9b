using System.Globalization;

namespace Quoll.Recipes.Queueing;

/// <summary>
/// The number that a server adds to the name of a sequential znode: at least ten characters, with zeros before it, of which the sign is one
/// where it is below zero. After 2147483647 comes -2147483648 (kazoo 730).
/// </summary>
internal static class SequenceNumber
{
    private const int Characters = 10;

    public static bool TryParse(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        var digits = text.StartsWith('-') ? text[1..] : text;
        return text.Length >= Characters && digits.Length <= Characters && !digits.ContainsAnyExceptInRange('0', '9')
            && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
