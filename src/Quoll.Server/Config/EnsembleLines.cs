using System.Globalization;
using Quoll.Core.Quorum;

namespace Quoll.Server.Config;

/// <summary>
/// The lines <c>server.N=host:quorumPort:electionPort[:role][;[clientHost:]clientPort]</c>, with <c>group.N</c> and <c>weight.N</c>.
/// As in Apache, a single participant is a stand-alone server (many tools write such a line), and no myid is needed; more of them are
/// an ensemble.
/// </summary>
internal static class EnsembleLines
{
    public static bool IsOne(string key) =>
        key.StartsWith("server.", StringComparison.Ordinal) || key.StartsWith("group.", StringComparison.Ordinal)
        || key.StartsWith("weight.", StringComparison.Ordinal);

    public static ServerConfig Apply(
        ServerConfig config, IReadOnlyList<Setting> lines, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var errors = report.Errors.Count;
        var members = new Dictionary<Setting, Member>();
        foreach (var line in lines.Where(line => line.Key.StartsWith("server.", StringComparison.Ordinal)))
        {
            if (ReadMember(line, report) is { } member)
                members.Add(line, member);
        }

        if (report.Errors.Count > errors || members.Count == 0)
            return config;
        return config.Quorum.StandaloneEnabled && members.Count == 1
            ? Alone(config, members.Single(), given, report)
            : Together(config, members, lines, given, report);
    }

    private static Member? ReadMember(Setting line, ConfigReport report)
    {
        if (!TryNumber(line.Key, out var id))
        {
            report.Error(line, $"{line.Key}: expected server. and a number");
            return null;
        }

        var member = Member.Parse(id, line.Value, out var error);
        if (member is null)
            report.Error(line, $"{line.Key}={line.Value}: {error}");
        return member;
    }

    private static ServerConfig Alone(
        ServerConfig config, KeyValuePair<Setting, Member> only, IReadOnlyList<Setting> given, ConfigReport report)
    {
        if (only.Value.IsObserver)
            report.Error(only.Key, $"{only.Key.Key}={only.Key.Value}: the only server must be a participant");
        return WithClientAddress(config, only.Key, only.Value, given, report);
    }

    private static ServerConfig Together(
        ServerConfig config, Dictionary<Setting, Member> members, IReadOnlyList<Setting> lines, IReadOnlyList<Setting> given,
        ConfigReport report)
    {
        var first = members.Keys.First();
        if (Ensemble(members.Values, lines, first, config.Quorum, report) is not { } ensemble)
            return config;
        if (config.Quorum.InitLimit == 0)
            report.Error(first, "initLimit is missing: the ticks that a server may take to join the leader; 10 is usual");
        if (config.Quorum.SyncLimit == 0)
            report.Error(first, "syncLimit is missing: the ticks for which a server may be silent; 5 is usual");
        if (MyIdFile.Read(config, ensemble, first, report) is not { } id)
            return config;
        var (line, self) = members.First(entry => entry.Value.Id == id);
        var forObservers = config.Quorum.ObserverMasterPort;
        if (given.FirstOrDefault(setting => setting.Key == "observerMasterPort") is { } port && !self.IsObserver
            && self.Addresses.Any(at => forObservers == at.QuorumPort || forObservers == at.ElectionPort))
            report.Error(port, $"observerMasterPort={port.Value}: {line.Key} has this port for something else");
        var saysObserver = config.Quorum.PeerType == "observer";
        if (given.FirstOrDefault(setting => setting.Key == "peerType") is { } type && saysObserver != self.IsObserver)
            report.Warn(type, $"peerType={type.Value}: {line.Key} says otherwise, and counts");
        config = config with { Quorum = config.Quorum with { Ensemble = ensemble, ServerId = id } };
        return WithClientAddress(config, line, self, given, report);
    }

    private static EnsembleConfig? Ensemble(
        IEnumerable<Member> members, IReadOnlyList<Setting> lines, Setting first, QuorumSettings quorum, ConfigReport report)
    {
        var groups = new Dictionary<long, long>();
        var weights = new Dictionary<long, long>();
        var errors = report.Errors.Count;
        foreach (var line in lines)
        {
            if (line.Key.StartsWith("group.", StringComparison.Ordinal))
                ReadGroup(line, groups, report);
            else if (line.Key.StartsWith("weight.", StringComparison.Ordinal))
                ReadWeight(line, weights, report);
        }

        if (report.Errors.Count > errors)
            return null;
        try
        {
            return new EnsembleConfig(members, groups, weights, VersionOf(quorum.DynamicFile));
        }
        catch (ArgumentException e)
        {
            report.Error(first, e.Message);
            return null;
        }
    }

    private static void ReadGroup(Setting line, Dictionary<long, long> groups, ConfigReport report)
    {
        var servers = line.Value.Split(':');
        if (!TryNumber(line.Key, out var group) || !Array.TrueForAll(servers, server => long.TryParse(server, out _)))
            report.Error(line, $"{line.Key}={line.Value}: expected the numbers of servers with colons between them");
        else if (Array.Find(servers, server => !groups.TryAdd(long.Parse(server, CultureInfo.InvariantCulture), group)) is { } twice)
            report.Error(line, $"{line.Key}={line.Value}: server {twice} is in a group already");
    }

    private static void ReadWeight(Setting line, Dictionary<long, long> weights, ConfigReport report)
    {
        if (!TryNumber(line.Key, out var server) || !long.TryParse(line.Value, out var weight) || weight is < 0 or > int.MaxValue)
            report.Error(line, $"{line.Key}={line.Value}: expected the number of a server and a weight of at least 0");
        else
            weights[server] = weight;
    }

    /// <summary>The address for clients in a server line wins over the keys of the file, but must not contradict them.</summary>
    private static ServerConfig WithClientAddress(
        ServerConfig config, Setting line, Member self, IReadOnlyList<Setting> given, ConfigReport report)
    {
        if (self.ClientPort is not { } port)
            return config;
        System.Net.IPAddress? address = null;
        if (self.ClientHost is { } host && !KeyKinds.TryReadAddress(host, out address))
        {
            report.Error(line, $"{line.Key}={line.Value}: expected [host:]port for the clients, behind the semicolon");
            return config;
        }

        var portGiven = given.Any(setting => setting.Key == "clientPort");
        var addressGiven = given.Any(setting => setting.Key == "clientPortAddress");
        var portDiffers = portGiven && config.Listen.Port != port;
        if (portDiffers || (addressGiven && config.Listen.Address is { } own && !own.Equals(address)))
            report.Error(line, $"{line.Key}={line.Value}: the client address differs from clientPort and clientPortAddress");
        return config with { Listen = config.Listen with { Address = address, Port = port } };
    }

    /// <summary>Apache's servers put it into the name of the file that they write: zoo.cfg.dynamic.100000000.</summary>
    private static long VersionOf(string? file)
    {
        var suffix = Path.GetExtension(file)?.TrimStart('.');
        return long.TryParse(suffix, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var version) ? version : 0;
    }

    private static bool TryNumber(string key, out long number)
    {
        var digits = key.AsSpan(key.IndexOf('.', StringComparison.Ordinal) + 1);
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
