using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Comparing;

/// <summary>Whose behaviour a server is known to have.</summary>
public enum ServerKind
{
    /// <summary>Nothing is known, so nothing is excused and nothing dangerous is sent.</summary>
    Unspecified,

    /// <summary>Apache ZooKeeper 3.8.0.</summary>
    Apache38,

    /// <summary>Apache ZooKeeper 3.9.</summary>
    Apache39,

    /// <summary>Quoll: as 3.9, but for what upstream itself calls wrong.</summary>
    Quoll,
}

/// <summary>What a generator must leave out for two servers to be comparable.</summary>
[Flags]
internal enum Restrictions
{
    None = 0,
    WatchesApartFromAcls = 1,
    OneWatchModePerSlot = 2,
    NoCheckWatches = 4,
    ClassicWatcherTypes = 8,
    PlainMultiCreates = 16,
    MatchingFlags = 32,
    NoIpv6Acls = 64,
    NoLoneCheck = 128,
    NoTruncatedWrites = 256,
    NoNullWatchPaths = 512,
    NoNullPathsInMulti = 1024,
    NoServerRequests = 2048,
    NoSurrogatesInAcls = 4096,
}

/// <summary>A difference between two kinds, in either order, that is known; and the narrowest excuse for it.</summary>
internal sealed record AcceptedDifference(string Name, string Reason, string Reference, (ServerKind A, ServerKind B)[] Between)
{
    /// <summary>What must not be sent, because the difference would spread beyond one reply.</summary>
    public Restrictions Restricts { get; init; }

    /// <summary>Applied to the lines of both sides before they are compared.</summary>
    public Func<Op, Line, Line>? Soften { get; init; }

    /// <summary>Whether these two lines, the older server's first, are the known difference.</summary>
    public Func<Op, Line, Line, bool>? Excuses { get; init; }
}

/// <summary>The whole list. Nothing else in the tester knows of versions.</summary>
internal static class AcceptedDifferences
{
    private static readonly (ServerKind, ServerKind)[] OldNew =
        [(ServerKind.Apache38, ServerKind.Apache39), (ServerKind.Apache38, ServerKind.Quoll)];

    private static readonly (ServerKind, ServerKind)[] ApacheQuoll =
        [(ServerKind.Apache38, ServerKind.Quoll), (ServerKind.Apache39, ServerKind.Quoll)];

    private static readonly (ServerKind, ServerKind)[] AroundApache39 =
        [(ServerKind.Apache38, ServerKind.Apache39), (ServerKind.Apache39, ServerKind.Quoll)];

    private static readonly AcceptedDifference[] All =
    [
        new(
            "event-zxid",
            "Events carry -1 before 3.9.0, and the zxid of their transaction since.",
            "ZOOKEEPER-4655",
            OldNew)
        {
            Soften = (_, line) => line.IsEvent ? line.Map((name, value) => name == "zxid" ? "any" : value) : line,
        },
        new(
            "event-acl",
            "Since 3.9.2 events about nodes the watcher may not read are withheld.",
            "CVE-2024-23944",
            OldNew)
        {
            Restricts = Restrictions.WatchesApartFromAcls,
        },
        new(
            "exists-acl",
            "Since 3.9.2 exists needs READ on the node.",
            "ZOOKEEPER-2590",
            OldNew)
        {
            Excuses = (op, old, now) => op is RequestOp { Type: Opcode.Exists } && old.Error == 0 && now.Error == -102,
        },
        new(
            "watch-modes",
            "Before 3.9.0 the last mode of a watch replaces the others on its path.",
            "ZOOKEEPER-4466",
            OldNew)
        {
            Restricts = Restrictions.OneWatchModePerSlot,
        },
        new(
            "check-watches",
            "3.8.0 answers OK when any connection watches the path.",
            "WatchManager.containsWatcher",
            OldNew)
        {
            Restricts = Restrictions.NoCheckWatches,
        },
        new(
            "watcher-types",
            "Watcher types 4 and 5 exist since 3.9.0, and 1 and 2 leave persistent watches alone.",
            "ZOOKEEPER-4471, ZOOKEEPER-4472",
            OldNew)
        {
            Restricts = Restrictions.ClassicWatcherTypes,
        },
        new(
            "multi-create2",
            "3.8.0 takes create2 in a multi for create and answers without a Stat.",
            "ZOOKEEPER-4026",
            OldNew)
        {
            Soften = (op, line) => op is RequestOp { Type: Opcode.Multi } multi ? WithoutCreate2(multi, line) : line,
        },
        new(
            "multi-create-parse",
            "Odd flags and a null ACL vector in a multi: an error of the op in 3.8.0, of the whole request since.",
            "ZOOKEEPER-4026",
            OldNew)
        {
            Restricts = Restrictions.PlainMultiCreates,
        },
        new(
            "multi-null-path",
            "A null path in a multi: 3.8.0 loses the zxid it took and sends an empty result list with -5.",
            "PrepRequestProcessor.getPendingChanges",
            OldNew)
        {
            Restricts = Restrictions.NoNullPathsInMulti,
        },
        new(
            "ip-acl-v6",
            "Addresses of version 6 are parsed only since 3.9.4.",
            "ZOOKEEPER-4240",
            OldNew)
        {
            Restricts = Restrictions.NoIpv6Acls,
        },
        new(
            "unparsed-write",
            "A write that cannot be parsed takes a zxid in 3.8.0; 3.9 logs it under the current one.",
            "PrepRequestProcessor.pRequestHelper",
            AroundApache39)
        {
            Restricts = Restrictions.NoTruncatedWrites,
        },
        new(
            "unreadable-multi",
            "A multi with a null path or ACL list: 3.9 answers -5 under the current zxid, Quoll under a new one, as for every write.",
            "PrepRequestProcessor.pRequestHelper",
            [(ServerKind.Apache39, ServerKind.Quoll)])
        {
            Restricts = Restrictions.PlainMultiCreates | Restrictions.NoNullPathsInMulti,
        },
        new(
            "flags",
            "Upstream takes a create opcode with another opcode's flags and then contradicts itself; Quoll refuses it.",
            "reference 3.4",
            ApacheQuoll)
        {
            Restricts = Restrictions.MatchingFlags,
        },
        new(
            "server-requests",
            "Apache takes createSession and deleteContainer from clients, and so lets anybody remove a container or TTL node; "
                + "Quoll answers Unimplemented and closes, as to any request that it does not know.",
            "Request.isValid",
            ApacheQuoll)
        {
            Restricts = Restrictions.NoServerRequests,
        },
        new(
            "acl-surrogates",
            "Apache writes a character above U+FFFF so that it reads it as two of U+FFFD: an id with one is another after a restart, "
                + "on other servers, and at once in a multi. In Quoll it stays what it was.",
            "BinaryOutputArchive.stringToByteBuffer",
            ApacheQuoll)
        {
            Restricts = Restrictions.NoSurrogatesInAcls,
        },
        new(
            "null-watch-path",
            "A persistent watch on a null path keeps 3.8.0 from ever closing the connection.",
            "WatcherModeManager.Key.equals",
            [])
        {
            Restricts = Restrictions.NoNullWatchPaths,
        },
        new(
            "lone-check",
            "Check outside a multi ruins 3.8.0's log.",
            "ZOOKEEPER-2623",
            [])
        {
            Restricts = Restrictions.NoLoneCheck,
        },
    ];

    /// <summary>The rules for these two servers; none when they are of one kind.</summary>
    public static IReadOnlyList<AcceptedDifference> For(ServerKind left, ServerKind right) =>
        [.. All.Where(rule => rule.Between.Contains((left, right)) || rule.Between.Contains((right, left)))];

    public static Restrictions RestrictionsFor(ServerKind left, ServerKind right)
    {
        var all = For(left, right).Aggregate(Restrictions.None, (sum, rule) => sum | rule.Restricts);

        // Rules between no two kinds are no differences but dangers: what they name goes only to servers known to survive it.
        var robust = left is ServerKind.Apache39 or ServerKind.Quoll && right is ServerKind.Apache39 or ServerKind.Quoll;
        return robust ? all : All.Where(rule => rule.Between.Length == 0).Aggregate(all, (sum, rule) => sum | rule.Restricts);
    }

    private static Line WithoutCreate2(RequestOp multi, Line line)
    {
        for (var i = 0; i < multi.SubTypes.Count; i++)
        {
            var at = $"[{i}]";
            if (multi.SubTypes[i] == Opcode.Create2 && line[at] is "1/0/0" or "15/0/0")
                line = line.Map((name, value) => Create2Field(at, name, value));
        }

        return line;
    }

    private static string? Create2Field(string at, string name, string value)
    {
        if (name == at)
            return "create2";

        return name == at + "path" || !name.StartsWith(at, StringComparison.Ordinal) ? value : null;
    }
}
