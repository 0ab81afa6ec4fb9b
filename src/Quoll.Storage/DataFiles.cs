using System.Globalization;
using Quoll.Protocol;

namespace Quoll.Storage;

/// <summary>The names in a data directory: <c>log.</c> and <c>snapshot.</c> with a zxid in lower-case hexadecimal.</summary>
public static class DataFiles
{
    /// <summary>The directory below dataDir and dataLogDir that holds them.</summary>
    public const string Version = "version-2";

    private const string LogPrefix = "log.";
    private const string SnapshotPrefix = "snapshot.";

    public static string LogName(Zxid first) => $"{LogPrefix}{first.Value:x}";

    public static string SnapshotName(Zxid zxid, SnapshotCompression compression) =>
        $"{SnapshotPrefix}{zxid.Value:x}{SuffixOf(compression)}";

    /// <summary>The logs of a directory, oldest first, with the zxid of their first record.</summary>
    public static List<(Zxid Zxid, string Path)> Logs(IDisk disk, string directory) => Find(disk, directory, LogPrefix);

    /// <summary>The snapshots of a directory, oldest first.</summary>
    public static List<(Zxid Zxid, string Path)> Snapshots(IDisk disk, string directory) => Find(disk, directory, SnapshotPrefix);

    public static SnapshotCompression CompressionOf(string path) => Path.GetExtension(path) switch
    {
        ".gz" => SnapshotCompression.Gzip,
        ".snappy" => SnapshotCompression.Snappy,
        _ => SnapshotCompression.None,
    };

    private static string SuffixOf(SnapshotCompression compression) => compression switch
    {
        SnapshotCompression.Gzip => ".gz",
        SnapshotCompression.Snappy => ".snappy",
        _ => "",
    };

    private static List<(Zxid Zxid, string Path)> Find(IDisk disk, string directory, string prefix)
    {
        var found = new List<(Zxid, string)>();
        foreach (var name in disk.List(directory))
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            var hex = name.AsSpan(prefix.Length);
            if (prefix == SnapshotPrefix && hex.EndsWith(SuffixOf(CompressionOf(name)), StringComparison.Ordinal))
                hex = hex[..^SuffixOf(CompressionOf(name)).Length];
            if (long.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var zxid))
                found.Add((new Zxid(zxid), Path.Combine(directory, name)));
        }

        found.Sort((left, right) => left.Item1.CompareTo(right.Item1));
        return found;
    }
}

/// <summary>How snapshots are written (<c>snapshot.compression.method</c>). Reading goes by the file's name.</summary>
public enum SnapshotCompression
{
    None,
    Gzip,
    Snappy,
}
