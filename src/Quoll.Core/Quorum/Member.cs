using System.Globalization;
using System.Text;

namespace Quoll.Core.Quorum;

/// <summary>Where servers reach another one.</summary>
public sealed record MemberAddress(string Host, int QuorumPort, int ElectionPort)
{
    /// <summary>Host and port for elections, as a server tells others of itself.</summary>
    public string ForElections => $"{Member.InBrackets(Host)}:{ElectionPort}";

    public override string ToString() => $"{Member.InBrackets(Host)}:{QuorumPort}:{ElectionPort}";
}

/// <summary>A server of an ensemble, as a line <c>server.N=...</c> tells it.</summary>
/// <param name="Id">The server's number.</param>
/// <param name="Addresses">Where the others reach it, sorted by host.</param>
/// <param name="IsObserver">It does not vote.</param>
/// <param name="ClientHost">Where it serves clients; null if the line does not say, or says no host.</param>
/// <param name="ClientPort">Null if the line does not say.</param>
public sealed record Member(
    long Id, IReadOnlyList<MemberAddress> Addresses, bool IsObserver, string? ClientHost = null, int? ClientPort = null)
{
    /// <summary>The largest that fits into a port.</summary>
    private const int LargestPort = 65535;

    /// <summary>Reads what stands behind <c>server.N=</c>; null, and why, if it can't be read.</summary>
    public static Member? Parse(long id, string text, out string? error)
    {
        var parts = text.Split(';');
        bool? observer = null;
        var addresses = new List<MemberAddress>();
        foreach (var address in parts[0].Split('|'))
        {
            var fields = SplitAddress(address);
            if (fields.Length is < 3 or > 4 || fields[0].Length == 0
                || !TryPort(fields[1], out var quorum) || !TryPort(fields[2], out var election))
                return Fail($"expected host:port:port[:role], found {address}", out error);
            if (quorum == election)
                return Fail($"its two ports must differ, and both are {quorum}", out error);
            addresses.Add(new MemberAddress(fields[0], quorum, election));
            if (fields.Length == 3)
                continue;
            if (!TryRole(fields[3], out var role))
                return Fail($"expected the role participant or observer, found {fields[3]}", out error);
            if (role != (observer ?? role))
                return Fail("its addresses name different roles", out error);
            observer = role;
        }

        if (parts.Length > 2)
            return Fail("it has a secure client port, and Quoll has no TLS yet", out error);
        string? host = null;
        int? port = null;
        if (parts.Length == 2 && parts[1].Trim() is { Length: > 0 } client)
        {
            var fields = SplitAddress(client);
            if (fields.Length > 2 || !TryPort(fields[^1], out var number))
                return Fail($"expected [host:]port for the clients behind the semicolon, found {client}", out error);
            (host, port) = (fields.Length == 2 ? fields[0] : null, number);
        }

        error = null;
        addresses.Sort((left, right) => string.CompareOrdinal(left.Host, right.Host));
        return new Member(id, addresses, observer ?? false, host, port);
    }

    /// <summary>The line without <c>server.N=</c>, as Apache's server writes it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(string.Join('|', Addresses)).Append(IsObserver ? ":observer" : ":participant");
        if (ClientPort is { } port)
            text.Append(CultureInfo.InvariantCulture, $";{InBrackets(ClientHost ?? "0.0.0.0")}:{port}");
        return text.ToString();
    }

    internal static string InBrackets(string host) => host.Contains(':') ? $"[{host}]" : host;

    /// <summary>Splits at colons, but not inside the brackets of an IPv6 address, which are dropped.</summary>
    private static string[] SplitAddress(string text)
    {
        text = text.Trim();
        var close = text.StartsWith('[') ? text.IndexOf("]:", StringComparison.Ordinal) : -1;
        return close > 0 ? [text[1..close], .. text[(close + 2)..].Split(':')] : text.Split(':');
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= LargestPort;

    private static bool TryRole(string text, out bool observer)
    {
        observer = text.Trim().Equals("observer", StringComparison.OrdinalIgnoreCase);
        return observer || text.Trim().Equals("participant", StringComparison.OrdinalIgnoreCase);
    }

    private static Member? Fail(string what, out string? error)
    {
        error = what;
        return null;
    }
}
