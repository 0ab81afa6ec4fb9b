using System.Globalization;

namespace Quoll.Cli.Shell;

/// <summary>One look at all servers.</summary>
/// <param name="At">When, as a time that only goes on.</param>
/// <param name="Servers">What each says of itself.</param>
/// <param name="Clients">The clients of those that tell of them.</param>
internal sealed record TopSample(TimeSpan At, IReadOnlyList<ServerStatus> Servers, IReadOnlyList<ClientConnection> Clients);

/// <summary>Draws a look at the servers, with what has changed since the one before.</summary>
internal static class TopView
{
    private const string Bold = "\e[1m";
    private const string Red = "\e[31m";
    private const string Green = "\e[32m";
    private const string Plain = "\e[0m";

    private static readonly string[] ServerHeads =
        ["SERVER", "ROLE", " CLIENTS", " REQUESTS/S", " OUTSTANDING", " LATENCY min/avg/max", " ZNODES", " ZXID", " BEHIND", "VERSION"];

    private static readonly string[] ClientHeads =
        ["CLIENT", "SERVER", "SESSION", " REQUESTS/S", " QUEUED", " LATENCY avg/max", " CONNECTED", "LAST"];

    /// <summary>Lines for so many rows at most; those of clients go first when there is no room.</summary>
    public static IEnumerable<string> Draw(TopSample? before, TopSample now, int rows, bool isColoured)
    {
        var serves = now.Servers.Count(server => server.Serves);
        var leader = now.Servers.FirstOrDefault(server => server.Mode == "leader")?.Server;
        var head = $"{serves} of {now.Servers.Count} serve"
            + (leader is not null ? $", {leader} leads" : now.Servers.Count > 1 && serves > 0 ? ", nobody leads of these" : "");
        var lines = new List<string> { isColoured ? $"{Bold}{head}{Plain}" : head, "" };
        var table = TextTable.Write(ServerHeads, now.Servers.Select(server => Row(server, before, now))).ToList();
        lines.Add(isColoured ? $"{Bold}{table[0]}{Plain}" : table[0]);
        lines.AddRange(table.Skip(1).Zip(now.Servers, (line, server) => !isColoured ? line
            : !server.Serves ? $"{Red}{line}{Plain}" : server.Mode == "leader" ? $"{Green}{line}{Plain}" : line));
        var room = rows - lines.Count - 2;
        var busy = now.Clients.Where(client => client.Session.Length > 0)
            .OrderByDescending(client => Rate(client, before, now) ?? 0).ThenByDescending(client => client.Received).ToList();
        if (room < 1 || busy.Count == 0)
            return lines;
        table = [.. TextTable.Write(ClientHeads, busy.Take(room).Select(client => Row(client, before, now)))];
        lines.Add("");
        lines.Add(isColoured ? $"{Bold}{table[0]}{Plain}" : table[0]);
        lines.AddRange(table.Skip(1));
        return lines;
    }

    /// <summary>Packets a second since the look before; null if there is none, or the server has begun anew.</summary>
    public static double? Rate(ServerStatus server, TopSample? before, TopSample now) =>
        Rate(before?.Servers.FirstOrDefault(each => each.Server == server.Server)?.Received, server.Received, before, now);

    public static double? Rate(ClientConnection client, TopSample? before, TopSample now) => Rate(
        before?.Clients.FirstOrDefault(each => each.Server == client.Server && each.Address == client.Address)?.Received,
        client.Received, before, now);

    private static double? Rate(long? then, long? now, TopSample? before, TopSample sample) =>
        then is { } one && now is { } two && two >= one ? (two - one) / (sample.At - before!.At).TotalSeconds : null;

    private static string[] Row(ServerStatus server, TopSample? before, TopSample now) =>
    [
        server.Server, server.Mode.Split('\n')[0], server.Field("Connections"), Text(Rate(server, before, now)),
        server.Field("Outstanding"), server.Field("Latency min/avg/max"), server.Field("Node count"), server.Field("Zxid"),
        Behind(server, now), server.Version,
    ];

    private static string[] Row(ClientConnection client, TopSample? before, TopSample now) =>
    [
        client.Address, client.Server, client.Session, Text(Rate(client, before, now)),
        client.Queued.ToString(CultureInfo.InvariantCulture), $"{client.Field("avglat")}/{client.Field("maxlat")}",
        Duration(client.Age(DateTimeOffset.UtcNow)), client.Field("lop"),
    ];

    /// <summary>How many changes a server has not yet of those that the others have, as far as that can be told: in one epoch.</summary>
    private static string Behind(ServerStatus server, TopSample now)
    {
        if (server.Zxid is not { } own || !server.HasOthers)
            return "";
        var most = now.Servers.Where(each => each.HasOthers).Max(each => each.Zxid ?? 0);
        return most >>> 32 == own >>> 32 ? (most - own).ToString(CultureInfo.InvariantCulture) : "an epoch";
    }

    private static string Text(double? rate) => rate?.ToString("0", CultureInfo.InvariantCulture) ?? "";

    public static string Duration(TimeSpan span) => span.TotalDays >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays}d {span.Hours}h")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}");
}
