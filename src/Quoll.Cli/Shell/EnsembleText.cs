namespace Quoll.Cli.Shell;

/// <summary>The text of an ensemble's configuration: a line for each server, and one for the version.</summary>
internal static class EnsembleText
{
    private const string Version = "version=";

    /// <summary>The version, and the addresses for clients as a connection string.</summary>
    public static string ForClients(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries);
        var version = lines.FirstOrDefault(line => line.StartsWith(Version, StringComparison.Ordinal))?[Version.Length..];
        return $"{version} {string.Join(',', lines.Where(IsServer).Select(Address).OfType<string>())}";
    }

    /// <exception cref="UsageException">There is no server in it.</exception>
    public static async Task<string[]> ReadFileAsync(FileInfo file, CancellationToken stop)
    {
        var lines = await File.ReadAllLinesAsync(file.FullName, stop);
        var servers = lines.Select(line => line.Trim()).Where(IsServer).ToArray();
        return servers.Length > 0 ? servers : throw new UsageException($"{file}: there is no line server.N=... in it.");
    }

    private static bool IsServer(string line) => line.StartsWith("server.", StringComparison.Ordinal);

    // server.1=host:2888:3888:participant;[host:]2181
    private static string? Address(string line)
    {
        var end = line.IndexOf(';', StringComparison.Ordinal);
        if (end < 0)
            return null;
        var client = line[(end + 1)..].Split('|')[0];
        return client.Contains(':', StringComparison.Ordinal) ? client : $"0.0.0.0:{client}";
    }
}
