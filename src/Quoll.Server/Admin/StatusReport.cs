using System.Globalization;
using System.Text;
using Quoll.Core;
using Quoll.Core.Election;
using Quoll.Core.Requests;

namespace Quoll.Server.Admin;

/// <summary>The answers to <c>srvr</c>, <c>stat</c>, <c>cons</c> and <c>dump</c>.</summary>
internal static class StatusReport
{
    public static string Server(Introspection about, bool withClients)
    {
        var text = new StringBuilder();
        var latency = about.Requests.Latency;
        text.Append(CultureInfo.InvariantCulture, $"Zookeeper version: {ServerCounters.FullVersion}\n");
        if (about.IsReadOnly)
            text.Append("READ-ONLY mode; serving only read-only clients\n");
        if (withClients)
        {
            text.Append("Clients:\n");
            foreach (var client in about.Clients)
                text.Append(Brief(client)).Append(")\n");
            text.Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"Latency min/avg/max: {latency.Min}/{Average(latency)}/{latency.Max}\n");
        text.Append(CultureInfo.InvariantCulture, $"Received: {about.Received}\nSent: {about.Sent}\n");
        text.Append(CultureInfo.InvariantCulture, $"Connections: {about.ConnectionCount}\nOutstanding: {about.Outstanding}\n");
        text.Append(CultureInfo.InvariantCulture, $"Zxid: {about.LastProcessed}\nMode: {Mode(about)}\nNode count: {about.ZnodeCount}\n");
        if (about.Leader is { ProposalSizes: var sizes } leader)
        {
            var (least, most) = sizes.Count == 0 ? (-1, -1) : (sizes.Min, sizes.Max);
            text.Append(CultureInfo.InvariantCulture, $"Proposal sizes last/min/max: {leader.LastProposalSize}/{least}/{most}\n");
        }

        return text.ToString();
    }

    /// <summary>What this server does, in Apache's words.</summary>
    public static string Mode(Introspection about) => about.State switch
    {
        null => "standalone",
        ServerState.Leading => "leader",
        ServerState.Following => "follower",
        ServerState.Observing => "observer",
        _ => about.IsReadOnly ? "read-only" : "looking",
    };

    public static string Connections(Introspection about)
    {
        var text = new StringBuilder();
        foreach (var client in about.Clients)
        {
            text.Append(Brief(client));
            if (client.SessionId != 0)
                text.Append(Details(client));
            text.Append(")\n");
        }

        return text.Append('\n').ToString();
    }

    public static string Sessions(Introspection about, bool hasLocal)
    {
        var text = new StringBuilder("SessionTracker dump:\n");
        if (hasLocal)
            AppendSets(text.Append("Local "), about, local: true);
        if (about.State is null or ServerState.Leading)
            AppendSets(text.Append(hasLocal ? "Global " : ""), about, local: false);
        else
            AppendKnown(text, about);

        var ephemerals = about.Ephemerals().ToList();
        text.Append(CultureInfo.InvariantCulture, $"ephemeral nodes dump:\nSessions with Ephemerals ({ephemerals.Count}):\n");
        foreach (var (session, paths) in ephemerals)
        {
            text.Append(CultureInfo.InvariantCulture, $"0x{session:x}:\n");
            foreach (var path in paths)
                text.Append('\t').Append(Encoding.UTF8.GetString(path)).Append('\n');
        }

        var clients = about.Clients.ToList();
        text.Append(CultureInfo.InvariantCulture, $"Connections dump:\nConnections Sets (1)/({clients.Count}):\n");
        foreach (var client in clients)
            text.Append(CultureInfo.InvariantCulture, $"\tip: {RemoteOf(client)} sessionId: 0x{client.SessionId:x}\n");
        return text.ToString();
    }

    private static void AppendSets(StringBuilder text, Introspection about, bool local)
    {
        var buckets = about.SessionBuckets(local).ToList();
        var count = buckets.Sum(bucket => bucket.Sessions.Count);
        text.Append(CultureInfo.InvariantCulture, $"Session Sets ({buckets.Count})/({count}):\n");
        foreach (var (expiry, sessions) in buckets)
        {
            text.Append(CultureInfo.InvariantCulture, $"{sessions.Count} expire at {JavaDate(about.WallClockOf(expiry))}:\n");
            foreach (var session in sessions)
                text.Append(CultureInfo.InvariantCulture, $"\t0x{session:x}\n");
        }
    }

    // A learner knows the sessions of all, but not when they end.
    private static void AppendKnown(StringBuilder text, Introspection about)
    {
        text.Append(CultureInfo.InvariantCulture, $"Global Sessions({about.Sessions.Count}):\n");
        foreach (var (session, timeout) in about.Sessions.OrderBy(known => known.Key))
            text.Append(CultureInfo.InvariantCulture, $"0x{session:x}\t{timeout}ms\n");
    }

    /// <summary>An average with at most four decimals and at least one, as Java prints it.</summary>
    public static string Average(Summary summary) => summary.Average.ToString("0.0###", CultureInfo.InvariantCulture);

    private static string RemoteOf(Client client) =>
        client.Host is Clients.ClientConnection connection ? $"/{connection.RemoteEndPoint}" : $"/{client.Address}";

    private static string Brief(Client client) =>
        $" {RemoteOf(client)}[1](queued={client.Outstanding},recved={client.Stats.Received},sent={client.Stats.Sent}";

    private static string Details(Client client)
    {
        var s = client.Stats;
        var cxid = s.LastCxid >= 0 ? $",lcxid=0x{s.LastCxid:x}" : "";
        return $",sid=0x{client.SessionId:x},lop={s.LastOperation},est={s.Established},to={client.SessionTimeout}{cxid}"
            + $",lzxid=0x{s.LastZxid:x},lresp={s.LastResponse},llat={s.LastLatency}"
            + $",minlat={s.Latency.Min},avglat={(long)s.Latency.Average},maxlat={s.Latency.Max}";
    }

    private static string JavaDate(long wallClock) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallClock).ToString("ddd MMM dd HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture);
}
