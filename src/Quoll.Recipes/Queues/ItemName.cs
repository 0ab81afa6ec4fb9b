using System.Globalization;
using Quoll.Recipes.Queueing;

namespace Quoll.Recipes.Queues;

/// <summary>
/// An item in a queue, by its znode's name: <c>entry-</c>, the priority in three digits, for an item that has to wait the time in
/// milliseconds since 1970 in thirteen digits, and the server's number.
/// </summary>
internal readonly record struct ItemName(string Name, int Priority, long NotBefore, int Number)
{
    public const int LowestPriority = 999;

    private const string Head = "entry-";
    private const int PriorityDigits = 3;
    private const int TimeDigits = 13;

    /// <summary>
    /// By priority, then by number. Numbers are compared by their distance, since the server counts in 32 bits with a sign (kazoo 730):
    /// that is right as long as fewer than 2^31 items were put in between the two.
    /// </summary>
    public static readonly Comparer<ItemName> Order = Comparer<ItemName>.Create(static (one, other) =>
    {
        if (one.Priority != other.Priority)
            return one.Priority.CompareTo(other.Priority);
        return one.Number != other.Number
            ? unchecked(one.Number - other.Number).CompareTo(0)
            : string.CompareOrdinal(one.Name, other.Name);
    });

    /// <summary>By the time, and then as <see cref="Order"/>.</summary>
    public static readonly Comparer<ItemName> Due = Comparer<ItemName>.Create(static (one, other) =>
        one.NotBefore != other.NotBefore ? one.NotBefore.CompareTo(other.NotBefore) : Order.Compare(one, other));

    /// <summary>What the name begins with, before the number that the server adds.</summary>
    public static string Prefix(int priority, DateTimeOffset? notBefore)
    {
        var time = notBefore is { } at ? $"{at.ToUnixTimeMilliseconds().ToString("D13", CultureInfo.InvariantCulture)}-" : "";
        return $"{Head}{priority.ToString("D3", CultureInfo.InvariantCulture)}-{time}";
    }

    /// <summary>Reads a name. What is not of this form is somebody else's, and no item.</summary>
    public static bool TryParse(string name, out ItemName item)
    {
        item = default;
        var rest = name.AsSpan();
        if (!rest.StartsWith(Head, StringComparison.Ordinal) || !TryTake(rest[Head.Length..], PriorityDigits, out var priority, out rest))
            return false;

        // Without a time what follows is shorter than one.
        var notBefore = 0L;
        if (rest.Length > TimeDigits && !TryTake(rest, TimeDigits, out notBefore, out rest))
            return false;
        if (!SequenceNumber.TryParse(rest, out var number))
            return false;
        item = new ItemName(name, (int)priority, notBefore, number);
        return true;
    }

    private static bool TryTake(ReadOnlySpan<char> text, int digits, out long value, out ReadOnlySpan<char> rest)
    {
        value = 0;
        rest = default;
        if (text.Length <= digits || text[digits] != '-' || text[..digits].ContainsAnyExceptInRange('0', '9'))
            return false;
        rest = text[(digits + 1)..];
        return long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
