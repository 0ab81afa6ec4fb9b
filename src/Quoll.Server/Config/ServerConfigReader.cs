using System.Net;

namespace Quoll.Server.Config;

/// <summary>
/// From a file and the <c>--set</c> of a command line to a configuration. It never stops at the first error: an operator should
/// mend a file once, not once for each line.
/// </summary>
internal static class ServerConfigReader
{
    /// <summary>No zoo.cfg comes near it; it keeps a wrong path, to a log say, out of memory.</summary>
    private const int LargestFile = 1 << 20;

    public static ConfigResult Read(string? file, IReadOnlyList<KeyValuePair<string, string>> overrides)
    {
        var report = new ConfigReport();
        var path = file is null ? null : Path.GetFullPath(file);
        var settings = new List<Setting>();
        if (path is not null)
            ReadFile(path, settings, report);
        foreach (var (key, value) in overrides)
            settings.Add(new Setting(ConfigKeys.Canonical(key.Trim()), value.Trim(), null, null) { FromCommandLine = true });

        var config = Defaults(path);
        var given = Effective(settings, report);
        var members = new List<Setting>();
        foreach (var setting in given)
        {
            if (ConfigKeys.Find(setting.Key) is { } key)
                config = Take(config, key, setting, report);
            else if (EnsembleLines.IsOne(setting.Key))
                members.Add(setting);
            else
                WarnUnknown(setting, report);
        }

        config = EnsembleLines.Apply(config, WithDynamicFile(config, members, report), given, report);
        config = CrossChecks.Complete(config, given, report);
        return new ConfigResult(report.Errors.Count == 0 ? config : null, report.Errors, report.Warnings);
    }

    /// <summary>The servers stand in the configuration or in a file of their own, which has nothing else.</summary>
    private static List<Setting> WithDynamicFile(ServerConfig config, List<Setting> members, ConfigReport report)
    {
        if (config.Quorum.DynamicFile is not { } path)
            return members;
        foreach (var setting in members)
            report.Error(setting, $"{setting.Key} belongs into the file {path}, which dynamicConfigFile names");
        var settings = new List<Setting>();
        ReadFile(path, settings, report);
        foreach (var stranger in settings.Where(setting => !EnsembleLines.IsOne(setting.Key)))
            report.Error(stranger, $"{stranger.Key}: such a file has lines server.N, group.N and weight.N only");
        return [.. Effective(settings, report).Where(setting => EnsembleLines.IsOne(setting.Key))];
    }

    private static void ReadFile(string path, List<Setting> settings, ConfigReport report)
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            bytes = new byte[LargestFile + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > LargestFile)
            {
                report.Error(new ConfigProblem("is larger than 1 MiB; is it a configuration?", null, path, null));
                return;
            }

            Array.Resize(ref bytes, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Error(new ConfigProblem($"cannot be read: {e.Message}", null, path, null));
            return;
        }

        var parsed = ZooCfgFile.Parse(bytes);
        foreach (var fault in parsed.Faults)
            report.Error(new ConfigProblem($"{fault.Key}: {fault.Message}", fault.Key, path, fault.Line));
        foreach (var entry in parsed.Overridden.Concat(parsed.Entries).OrderBy(entry => entry.Line))
            settings.Add(new Setting(ConfigKeys.Canonical(entry.Key), entry.Value, path, entry.Line));
    }

    /// <summary>What every table default amounts to. Without a file, a server that nobody but this machine can reach.</summary>
    private static ServerConfig Defaults(string? path)
    {
        var config = new ServerConfig { File = path };
        foreach (var key in SupportedKeys.All)
        {
            if (key.Default is { } text)
                config = key.Apply(config, text) ?? throw new InvalidOperationException($"The default of {key.Name} is bad.");
        }

        if (path is not null)
            return config;

        return config with
        {
            Listen = config.Listen with { Address = IPAddress.Loopback, Port = 2181 },
            Storage = config.Storage with { DataDir = Path.GetFullPath("quoll-data") },
        };
    }

    /// <summary>The last setting of each key. A <c>--set</c> is meant to override; a second line in the file is a mistake.</summary>
    private static List<Setting> Effective(List<Setting> settings, ConfigReport report)
    {
        var last = new Dictionary<string, Setting>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            if (setting.Line is { } line && last.TryGetValue(setting.Key, out var earlier) && earlier.Value != setting.Value)
                report.Warn(earlier, $"{setting.Key} is set again on line {line}; this line has no effect");
            last[setting.Key] = setting;
        }

        return [.. settings.Where(setting => ReferenceEquals(last[setting.Key], setting))];
    }

    private static ServerConfig Take(ServerConfig config, ConfigKey key, Setting setting, ConfigReport report)
    {
        if (key.Standing == Standing.Supported)
            return Apply(config, key, setting, report);

        var asksForNothing = key.Standing == Standing.Ignored || key.Harmless.Contains(setting.Value, StringComparer.OrdinalIgnoreCase);
        if (asksForNothing)
            return config;

        if (key.Standing == Standing.Warned)
            report.Warn(setting, $"{setting.Key} is not supported: {key.Instead}");
        else
            report.Error(setting, $"{Shown(key, setting)} is refused: {key.Instead}");
        return config;
    }

    private static ServerConfig Apply(ServerConfig config, ConfigKey key, Setting setting, ConfigReport report)
    {
        var value = setting.Value;
        if (key.Floor is { } floor && KeyKinds.TryReadNumber(value, out var number) && number < floor)
        {
            report.Warn(setting, $"{Shown(key, setting)} is too small; {floor} is used");
            value = $"{floor}";
        }

        if (key.Apply(config, value) is { } applied)
            return applied;

        var hint = value.Contains('#', StringComparison.Ordinal) ? "; a comment needs a line of its own" : "";
        report.Error(setting, $"{Shown(key, setting)}: expected {key.Expected}{hint}");
        return config;
    }

    private static void WarnUnknown(Setting setting, ConfigReport report)
    {
        var question = ConfigKeys.Nearest(setting.Key) is { } near ? $"; did you mean {near}?" : "";
        report.Warn(setting, $"{setting.Key} is not a key of ZooKeeper or Quoll and has no effect{question}");
    }

    private static string Shown(ConfigKey key, Setting setting) => key.Secret ? setting.Key : $"{setting.Key}={setting.Value}";
}
