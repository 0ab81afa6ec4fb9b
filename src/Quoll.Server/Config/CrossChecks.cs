namespace Quoll.Server.Config;

/// <summary>What no key can say alone: values that follow from others, values that contradict others, and the directories.</summary>
internal static class CrossChecks
{
    private static readonly string[] FourLetterWords =
    [
        "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "mntr", "ruok", "srst", "srvr", "stat", "stmk", "wchc",
        "wchp", "wchs", "telnet close",
    ];

    public static ServerConfig Complete(ServerConfig config, IReadOnlyList<Setting> given, ConfigReport report)
    {
        CheckRequired(config, given, report);
        config = WithCommands(WithSessionTimeouts(config, given, report), given, report);
        CheckAuth(config, given, report);

        var limits = config.Limits;
        var storage = config.Storage;
        config = config with
        {
            Limits = limits with { ExtraSize = limits.ExtraSize == 0 ? Math.Max(1024, limits.MaxFrame) : limits.ExtraSize },
            Storage = storage with { LogDir = storage.LogDir.Length == 0 ? storage.DataDir : storage.LogDir },
        };
        DirectoryChecks.Check(config.Storage, given, report);
        return config;
    }

    private static void CheckRequired(ServerConfig config, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var noFile = config.File is null;
        if (!noFile && Given(given, "dataDir") is null)
            report.Error(new ConfigProblem("dataDir is missing", "dataDir", config.File, null));

        // Apache runs on without a listener when there is no port at all. Such a server serves nobody.
        var portKnown = noFile || Given(given, "clientPort") is not null || given.Any(HasClientPart) || config.Listen.Port != 0;
        if (portKnown)
            return;

        if (Given(given, "clientPortAddress") is { } address)
            report.Error(address, "clientPortAddress is set but clientPort is not");
        else if (Given(given, "secureClientPort") is null)
            report.Error(new ConfigProblem("clientPort is missing", "clientPort", config.File, null));
    }

    private static bool HasClientPart(Setting setting) =>
        setting.Key.StartsWith("server.", StringComparison.Ordinal) && setting.Value.Contains(';', StringComparison.Ordinal);

    private static ServerConfig WithSessionTimeouts(ServerConfig config, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var ticks = config.Ticks;
        foreach (var name in (string[])["minSessionTimeout", "maxSessionTimeout"])
        {
            if (Given(given, name) is { Value: "0" } zero)
                report.Error(zero, $"{name}=0: expected at least 1 ms, or -1 for the default");
        }

        var min = ticks.MinSessionTimeout == SupportedKeys.FromTickTime ? ticks.TickTime * 2 : ticks.MinSessionTimeout;
        var max = ticks.MaxSessionTimeout == SupportedKeys.FromTickTime ? ticks.TickTime * 20 : ticks.MaxSessionTimeout;

        // Both travel as 32-bit milliseconds.
        if (max.TotalMilliseconds > int.MaxValue && Given(given, "tickTime") is { } tick)
            report.Error(tick, $"tickTime={tick.Value}: 20 ticks are more milliseconds than a session timeout can have");
        else if (min > max && (Given(given, "minSessionTimeout") ?? Given(given, "maxSessionTimeout")) is { } at)
        {
            report.Error(at, $"minSessionTimeout ({min.TotalMilliseconds} ms) must not be larger than "
                + $"maxSessionTimeout ({max.TotalMilliseconds} ms)");
        }

        return config with { Ticks = ticks with { MinSessionTimeout = min, MaxSessionTimeout = max } };
    }

    private static ServerConfig WithCommands(ServerConfig config, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var asked = config.Commands.Allowed;
        var unknown = asked.Where(word => word != "*" && !FourLetterWords.Contains(word)).Order(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0 && Given(given, "4lw.commands.whitelist") is { } at)
        {
            report.Warn(at, $"{at.Key}: there is no command {string.Join(" or ", unknown)}; "
                + $"the commands are {string.Join(' ', FourLetterWords.Where(word => word.Length == 4))}");
        }

        var allowed = FourLetterWords.Where(word => asked.Contains("*") || asked.Contains(word)).Append("srvr").ToHashSet();
        if (config.Commands.ReadOnlyMode)
            allowed.Add("isro");
        return config with { Commands = config.Commands with { Allowed = allowed } };
    }

    private static void CheckAuth(ServerConfig config, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var auth = config.Auth;
        if (!auth.Enforced || Given(given, "enforce.auth.enabled") is not { } enabled)
            return;

        if (auth.EnforcedSchemes.Count == 0)
            report.Error(enabled, "enforce.auth.enabled=true: enforce.auth.schemes must list the schemes");

        string[] available = auth.DigestEnabled ? ["digest", "ip"] : ["ip"];
        var missing = auth.EnforcedSchemes.Except(available).ToArray();
        if (missing.Length > 0 && Given(given, "enforce.auth.schemes") is { } schemes)
        {
            report.Error(schemes, $"{schemes.Key}={schemes.Value}: the server has no authentication scheme {string.Join(" or ", missing)}; "
                + $"expected {string.Join(" or ", available)}");
        }
    }

    private static Setting? Given(IReadOnlyList<Setting> given, string key) => given.FirstOrDefault(setting => setting.Key == key);
}
