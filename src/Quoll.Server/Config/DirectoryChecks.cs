namespace Quoll.Server.Config;

/// <summary>
/// Looks at the directories before anything is written into them: above all, that dataLogDir was not changed, or the two not
/// swapped, under a server that already has data. It would start empty and nobody would know why.
/// </summary>
internal static class DirectoryChecks
{
    /// <summary>Where Apache, and Quoll, keep their files inside both directories.</summary>
    private const string Version = "version-2";

    public static void Check(StorageSettings storage, IReadOnlyList<Setting> given, ConfigReport report)
    {
        var data = new Place("dataDir", storage.DataDir, given);
        var log = new Place("dataLogDir", storage.LogDir, given);
        var both = data.Path == log.Path ? (Place[])[data] : [data, log];
        foreach (var place in both.Where(place => place.Path.Length > 0))
            CheckDirectory(place, storage.CreateDirectories, report);

        if (both.Length == 1 || data.Path.Length == 0)
            return;

        if (HasFiles(log.Path, "snapshot.*"))
            report.Error(log.Setting, $"dataLogDir={log.Path}: it holds snapshots, which belong into dataDir");
        if (HasFiles(data.Path, "log.*"))
            report.Error(data.Setting, $"dataDir={data.Path}: it holds transaction logs; move them into dataLogDir first");
    }

    private static void CheckDirectory(Place place, bool mayCreate, ConfigReport report)
    {
        if (File.Exists(place.Path))
            report.Error(place.Setting, $"{place.Setting.Key}={place.Path}: expected a directory, and it is a file");
        else if (!mayCreate && !Directory.Exists(Path.Combine(place.Path, Version)))
            report.Error(place.Setting, $"{place.Setting.Key}={place.Path}: {Version} in it does not exist, and datadir.autocreate=false");
    }

    /// <summary>A directory that may not be listed is the storage's business: it says so when it opens it.</summary>
    private static bool HasFiles(string directory, string pattern)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(directory, Version), pattern).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private sealed record Place(string Key, string Path, IReadOnlyList<Setting> Given)
    {
        public Setting Setting => Given.FirstOrDefault(setting => setting.Key == Key) ?? new Setting(Key, Path, null, null);
    }
}
