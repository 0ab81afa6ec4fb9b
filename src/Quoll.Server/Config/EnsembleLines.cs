using System.Globalization;
using System.Net;

namespace Quoll.Server.Config;

/// <summary>
/// The lines <c>server.N=host:quorumPort:electionPort[:role][;[clientHost:]clientPort]</c>. As in Apache, one of them alone is a
/// stand-alone server (many tools write such a line), and no myid is needed; more of them are an ensemble.
/// </summary>
internal static class EnsembleLines
{
    public static ServerConfig Apply(
        ServerConfig config, IReadOnlyList<Setting> servers, IReadOnlyList<Setting> given, ConfigReport report)
    {
        if (servers.Count > 1)
        {
            var names = string.Join(", ", servers.Select(server => server.Key));
            report.Error(servers[0], $"{names} are an ensemble of {servers.Count} servers, "
                + "and Quoll runs stand-alone only, for now; start it without these lines only if its data is meant to stand alone");
            return config;
        }

        if (servers is not [var only])
            return config;

        var number = only.Key["server.".Length..];
        if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            report.Error(only, $"{only.Key}: expected server. and a number");
            return config;
        }

        return TakeOnlyServer(config, only, given, report);
    }

    private static ServerConfig TakeOnlyServer(ServerConfig config, Setting only, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var parts = only.Value.Split(';');
        var peer = SplitAddress(parts[0].Split('|')[0]);
        if (peer.Length is < 3 or > 4 || parts.Length > 3)
        {
            report.Error(only, $"{only.Key}={only.Value}: expected host:port:port[:role][;[host:]port]");
            return config;
        }

        if (peer.Length == 4 && !peer[3].Trim().Equals("participant", StringComparison.OrdinalIgnoreCase))
            report.Error(only, $"{only.Key}={only.Value}: the only server must be a participant");
        if (parts.Length == 3)
            report.Error(only, $"{only.Key}={only.Value}: it has a secure client port, and Quoll has no TLS yet");

        var client = parts.Length > 1 ? parts[1].Trim() : "";
        return client.Length > 0 ? TakeClientPart(config, only, SplitAddress(client), given, report) : config;
    }

    /// <summary>The address for clients in a server line wins over the keys of the file, but must not contradict them.</summary>
    private static ServerConfig TakeClientPart(
        ServerConfig config, Setting only, string[] client, IReadOnlyList<Setting> given, ConfigReport report)
    {
        IPAddress? address = null;
        if (client.Length > 2
            || !ushort.TryParse(client[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || (client.Length == 2 && !KeyKinds.TryReadAddress(client[0], out address)))
        {
            report.Error(only, $"{only.Key}={only.Value}: expected [host:]port for the clients, behind the semicolon");
            return config;
        }

        var portGiven = given.Any(setting => setting.Key == "clientPort");
        var addressGiven = given.Any(setting => setting.Key == "clientPortAddress");
        var portDiffers = portGiven && config.Listen.Port != port;
        if (portDiffers || (addressGiven && config.Listen.Address is { } own && !own.Equals(address)))
            report.Error(only, $"{only.Key}={only.Value}: the client address differs from clientPort and clientPortAddress");

        return config with { Listen = config.Listen with { Address = address, Port = port } };
    }

    /// <summary>Splits at colons, but not inside the brackets of an IPv6 address.</summary>
    private static string[] SplitAddress(string text)
    {
        var close = text.StartsWith('[') ? text.IndexOf("]:", StringComparison.Ordinal) : -1;
        return close > 0 ? [text[..(close + 1)], .. text[(close + 2)..].Split(':')] : text.Split(':');
    }
}
