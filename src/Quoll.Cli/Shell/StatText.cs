using System.Globalization;
using Quoll.Protocol.Records;

namespace Quoll.Cli.Shell;

/// <summary>A znode's stat as zkCli writes it.</summary>
internal static class StatText
{
    public static string Write(Stat stat) => string.Create(CultureInfo.InvariantCulture, $"""
        cZxid = 0x{stat.Czxid:x}
        ctime = {Date(stat.Ctime)}
        mZxid = 0x{stat.Mzxid:x}
        mtime = {Date(stat.Mtime)}
        pZxid = 0x{stat.Pzxid:x}
        cversion = {stat.Cversion}
        dataVersion = {stat.Version}
        aclVersion = {stat.Aversion}
        ephemeralOwner = 0x{stat.EphemeralOwner:x}
        dataLength = {stat.DataLength}
        numChildren = {stat.NumChildren}
        """);

    public static string Utc(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime
        .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    // As Java's Date says it.
    private static string Date(long milliseconds)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), TimeZoneInfo.Local);
        return local.ToString($"ddd MMM dd HH:mm:ss '{ZoneOf(local)}' yyyy", CultureInfo.InvariantCulture);
    }

    // The letters that the zone has for itself, such as CET and CEST; not all have any.
    private static string ZoneOf(DateTimeOffset local)
    {
        var name = TimeZoneInfo.Local.IsDaylightSavingTime(local) ? TimeZoneInfo.Local.DaylightName : TimeZoneInfo.Local.StandardName;
        return name.All(char.IsAsciiLetterUpper) ? name
            : local.Offset == TimeSpan.Zero ? "UTC"
            : local.ToString("'GMT'zzz", CultureInfo.InvariantCulture);
    }
}
