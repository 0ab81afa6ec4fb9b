using System.Globalization;
using System.Text.RegularExpressions;
using Quoll.Interop.Clients;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Exchange;

/// <summary>All that can be seen of a server's state from outside: znodes with data, lists and stats, and the sessions.</summary>
internal sealed partial record ServerView(IReadOnlyList<string> Znodes, IReadOnlyList<string> Sessions, int DigestMismatches)
{
    public static async Task<ServerView> OfAsync(ServerProcess server)
    {
        using var dump = ClientProgram.Python("dump_tree.py", server.Address);
        var znodes = (await dump.FinishAsync()).Where(line => !line.StartsWith("/zookeeper/config ", StringComparison.Ordinal)).ToList();
        var mismatches = Mismatches().Match(await server.AskAsync("mntr")).Groups["count"].Value;
        var sessions = SessionIds().Matches(await server.AskAsync("dump")).Select(match => match.Value).Distinct();
        return new ServerView(
            znodes, [.. sessions.Order(StringComparer.Ordinal)], int.Parse(mismatches, CultureInfo.InvariantCulture));
    }

    /// <summary>How many ephemerals a session has, given by its number in decimal.</summary>
    public int EphemeralsOf(string session) =>
        Znodes.Count(line => line.Contains($" ephemeralOwner={session} ", StringComparison.Ordinal));

    public void AssertSameAs(ServerView before, string where)
    {
        AssertSame(before.Znodes, Znodes, where);
        AssertSame(before.Sessions, Sessions, where);
    }

    /// <summary>
    /// Where one quota lies below another, only the deeper one counts a change, but each counts all below it when the tree is loaded: of
    /// what a quota has used, a restart makes something else on either server.
    /// </summary>
    public void AssertSameButForUsage(ServerView before, string where) => WithoutUsage().AssertSameAs(before.WithoutUsage(), where);

    /// <summary>
    /// The tree was what the transactions say. In Apache's snapshots may be a transaction that is in the tree already, while the digest is
    /// that of the one before: both servers then find that the snapshot's digest does not fit, and go on, since replaying the log mends
    /// the tree. Of a tree that differs indeed, Apache's server says with which transaction it begins.
    /// </summary>
    /// <param name="writer">Whose snapshots it may have read.</param>
    /// <param name="said">What the server said.</param>
    public void AssertDigestsFit(ServerKind writer, string said)
    {
        Assert.InRange(DigestMismatches, 0, writer == ServerKind.Apache ? 1 : 0);
        Assert.DoesNotContain("First digest mismatch on txn", said, StringComparison.Ordinal);
    }

    private ServerView WithoutUsage() =>
        this with { Znodes = [.. Znodes.Where(line => !line.Contains("/zookeeper_stats ", StringComparison.Ordinal))] };

    private static void AssertSame(IReadOnlyList<string> before, IReadOnlyList<string> after, string where)
    {
        var gone = before.Except(after).Take(5).ToList();
        var come = after.Except(before).Take(5).ToList();
        Assert.True(
            gone.Count == 0 && come.Count == 0,
            $"before only:\n{string.Join('\n', gone)}\nafter only:\n{string.Join('\n', come)}\n{where}");
    }

    // Apache's dump tells connections too, that which asks among them: 0x0.
    [GeneratedRegex("0x[1-9a-f][0-9a-f]*")]
    private static partial Regex SessionIds();

    [GeneratedRegex(@"zk_digest_mismatches_count\s+(?<count>\d+)")]
    private static partial Regex Mismatches();
}
