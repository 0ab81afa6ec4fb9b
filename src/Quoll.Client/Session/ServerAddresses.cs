using System.Globalization;
using Quoll.Client.Requests;

namespace Quoll.Client.Session;

/// <summary>Where a server is.</summary>
internal sealed record ServerAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>A connection string taken apart: servers, and the path that all others are below.</summary>
internal sealed record ServerAddresses(IReadOnlyList<ServerAddress> Servers, string Root)
{
    private const int DefaultPort = 2181;

    public static ServerAddresses Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var root = slash < 0 ? "" : text[slash..].TrimEnd('/');
        if (root.Length > 0)
            Paths.Validate(root);
        var servers = (slash < 0 ? text : text[..slash])
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(ParseServer)
            .ToArray();
        if (servers.Length == 0)
            throw new ArgumentException($"'{text}' names no server. An example: 'zk1:2181,zk2:2181/app'.");
        return new ServerAddresses(servers, root);
    }

    private static ServerAddress ParseServer(string text)
    {
        var (host, port) = Split(text);
        if (host.Length == 0 || port is < 1 or > 65535 || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            throw new ArgumentException(
                $"'{text}' is no server: a name or an address and a port were expected, such as 'zk1:2181' or '[::1]:2181'.");
        }

        return new ServerAddress(host, port);
    }

    private static (string Host, int Port) Split(string text)
    {
        // An IPv6 address has colons of its own: with a port it stands in brackets.
        var bracket = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        if (bracket < 0 && text.Count(c => c == ':') > 1)
            return (text, DefaultPort);
        var colon = text.IndexOf(':', Math.Max(bracket, 0));
        var host = bracket < 0 ? (colon < 0 ? text : text[..colon]) : text[1..bracket];
        if (colon < 0)
            return (host, bracket < 0 || bracket == text.Length - 1 ? DefaultPort : -1);
        return (host, int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : -1);
    }
}
