using System.Globalization;

namespace Quoll.Core.Access;

/// <summary>IP addresses in ACLs: an address, or an address and how many leading bits count.</summary>
internal static class IpAddressText
{
    public static bool IsValid(string expression) => TrySplit(expression, out _, out _);

    /// <summary>True if the address is among those that the expression means; addresses of different families never match.</summary>
    public static bool Matches(string address, string expression)
    {
        if (!TrySplit(expression, out var wanted, out var bits) || Parse(address) is not { } actual || actual.Length != wanted.Length)
            return false;
        for (var i = 0; i < wanted.Length && bits > 0; i++, bits -= 8)
        {
            var mask = bits >= 8 ? 0xFF : 0xFF << (8 - bits) & 0xFF;
            if (((wanted[i] ^ actual[i]) & mask) != 0)
                return false;
        }

        return true;
    }

    private static bool TrySplit(string expression, out byte[] address, out int bits)
    {
        var slash = expression.IndexOf('/', StringComparison.Ordinal);
        address = Parse(slash < 0 ? expression : expression[..slash]) ?? [];
        bits = address.Length * 8;
        if (address.Length == 0)
            return false;
        if (slash < 0)
            return true;
        return int.TryParse(expression.AsSpan(slash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out bits)
            && bits >= 0 && bits <= address.Length * 8;
    }

    private static byte[]? Parse(string text) => text.Contains(':', StringComparison.Ordinal) ? ParseV6(text) : ParseV4(text);

    private static byte[]? ParseV4(string text)
    {
        var parts = text.Split('.');
        var bytes = new byte[4];
        if (parts.Length != 4)
            return null;
        for (var i = 0; i < 4; i++)
        {
            if (!byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
                return null;
        }

        return bytes;
    }

    private static byte[]? ParseV6(string text)
    {
        var gap = text.IndexOf("::", StringComparison.Ordinal);
        if (gap < 0)
            return Groups(text) is { Length: 16 } whole ? whole : null;
        if (Groups(text[..gap]) is not { } left || Groups(text[(gap + 2)..]) is not { } right || left.Length + right.Length > 14)
            return null;
        var bytes = new byte[16];
        left.CopyTo(bytes, 0);
        right.CopyTo(bytes, 16 - right.Length);
        return bytes;
    }

    private static byte[]? Groups(string text)
    {
        if (text.Length == 0)
            return [];
        var bytes = new List<byte>();
        foreach (var part in text.Split(':'))
        {
            if (part.Length > 4 || !ushort.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var group))
                return null;
            bytes.Add((byte)(group >> 8));
            bytes.Add((byte)group);
        }

        return [.. bytes];
    }
}
