using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Quoll.Server.Config;

/// <summary>The kinds of values: how each is read, and what a good one is called in a message.</summary>
internal static class KeyKinds
{
    public static ConfigKey Int(
        string name, string? byDefault, int min, Func<ServerConfig, int, ServerConfig> set, int max = int.MaxValue) =>
        Number(name, byDefault, min, max, (config, value) => set(config, (int)value));

    /// <summary>Milliseconds.</summary>
    public static ConfigKey Millis(string name, string? byDefault, int min, Func<ServerConfig, TimeSpan, ServerConfig> set) =>
        Number(name, byDefault, min, int.MaxValue, (config, value) => set(config, TimeSpan.FromMilliseconds(value)));

    /// <summary>Milliseconds, where everything up to <paramref name="off"/> means never.</summary>
    public static ConfigKey MillisOrOff(string name, string byDefault, int off, Func<ServerConfig, TimeSpan?, ServerConfig> set) =>
        Number(name, byDefault, int.MinValue, int.MaxValue, (config, value) =>
            set(config, value <= off ? null : TimeSpan.FromMilliseconds(value)));

    /// <summary>Kilobytes in the file, bytes from here on.</summary>
    public static ConfigKey Kilobytes(string name, string byDefault, Func<ServerConfig, long, ServerConfig> set) =>
        Number(name, byDefault, 0, long.MaxValue / 1024, (config, value) => set(config, value * 1024));

    /// <summary>Kilobytes, where 0 and less means no limit.</summary>
    public static ConfigKey KilobytesOrOff(string name, string byDefault, Func<ServerConfig, long?, ServerConfig> set) =>
        Number(name, byDefault, long.MinValue, long.MaxValue / 1024, (config, value) => set(config, value <= 0 ? null : value * 1024));

    /// <summary>Java takes everything but "true" for false; a "yes" that means no helps nobody, so it is refused.</summary>
    public static ConfigKey Flag(string name, string byDefault, Func<ServerConfig, bool, ServerConfig> set) =>
        Choice(name, byDefault, ["true", "false"], (config, value) => set(config, value == "true"));

    public static ConfigKey YesNo(string name, string byDefault, Func<ServerConfig, bool, ServerConfig> set) =>
        Choice(name, byDefault, ["yes", "no"], (config, value) => set(config, value == "yes"));

    /// <summary>One of a few words, in any case; handed on as listed.</summary>
    public static ConfigKey Choice(string name, string byDefault, string[] words, Func<ServerConfig, string, ServerConfig> set) =>
        new(name, Standing.Supported)
        {
            Default = byDefault,
            Expected = string.Join(" or ", words.Select(word => word.Length == 0 ? "nothing" : word)),
            Apply = (config, text) =>
                Array.Find(words, word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } word ? set(config, word) : null,
        };

    /// <summary>A number from 0 to 1.</summary>
    /// <summary>Any text, or what <paramref name="set"/> makes of it: null is a bad value.</summary>
    public static ConfigKey Text(string name, string? byDefault, string expected, Func<ServerConfig, string, ServerConfig?> set) =>
        new(name, Standing.Supported) { Default = byDefault, Expected = expected, Apply = set };

    /// <summary>A comma list.</summary>
    public static ConfigKey Words(string name, string byDefault, Func<ServerConfig, string[], ServerConfig> set) =>
        Text(name, byDefault, "a list of words with commas between them", (config, text) =>
            set(config, text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>What Java's Integer.decode takes, but for octal: 010 is ten to one half of the keys and eight to the other.</summary>
    public static bool TryReadNumber(string text, out long value)
    {
        var digits = text.AsSpan();
        var negative = digits is ['-', ..];
        if (digits is ['-' or '+', ..])
            digits = digits[1..];

        value = 0;
        var isHex = digits is ['0', 'x' or 'X', ..] or ['#', ..];
        if (isHex)
            digits = digits[(digits[0] == '#' ? 1 : 2)..];
        else if (digits is ['0', _, ..])
            return false;

        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (!ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var size) || size > long.MaxValue)
            return false;

        value = negative ? -(long)size : (long)size;
        return true;
    }

    /// <summary>
    /// A number with one of ms s m h d behind it; a bare one is hours. Zero and less is off, and comes out as zero.
    /// </summary>
    public static TimeSpan? ReadInterval(string text)
    {
        var unitAt = text.AsSpan().LastIndexOfAnyInRange('0', '9') + 1;
        TimeSpan? unit = text[unitAt..].ToUpperInvariant() switch
        {
            "MS" => TimeSpan.FromMilliseconds(1),
            "S" => TimeSpan.FromSeconds(1),
            "M" => TimeSpan.FromMinutes(1),
            "" or "H" => TimeSpan.FromHours(1),
            "D" => TimeSpan.FromDays(1),
            _ => null,
        };
        if (unit is not { } one || !TryReadNumber(text[..unitAt], out var count) || count > TimeSpan.MaxValue / one)
            return null;

        return count <= 0 ? TimeSpan.Zero : one * count;
    }

    /// <summary>A bind address. The two "any" addresses are null: Java listens on both families for either.</summary>
    public static bool TryReadAddress(string text, out IPAddress? address)
    {
        if (!IPAddress.TryParse(text.Trim('[', ']'), out address))
        {
            if (Uri.CheckHostName(text) != UriHostNameType.Dns || Resolve(text) is not { } resolved)
                return false;
            address = resolved;
        }

        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            address = null;
        return true;
    }

    /// <summary>Like Java, the first IPv4 address if there is one.</summary>
    private static IPAddress? Resolve(string host)
    {
        try
        {
            var found = Dns.GetHostAddresses(host);
            return found.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static ConfigKey Number(string name, string? byDefault, long min, long max, Func<ServerConfig, long, ServerConfig> set) =>
        new(name, Standing.Supported)
        {
            Default = byDefault,
            Expected = (min > int.MinValue, max < int.MaxValue) switch
            {
                (true, true) => $"a whole number from {min} to {max}",
                (true, false) => $"a whole number, {min} or more",
                _ => "a whole number",
            },
            Apply = (config, text) => TryReadNumber(text, out var value) && value >= min && value <= max ? set(config, value) : null,
        };
}
