using System.Globalization;

namespace Quoll.Interop.Servers;

/// <summary>What Linux tells of a process.</summary>
internal static class ProcFiles
{
    public static int Sockets(int process)
    {
        var count = 0;
        foreach (var descriptor in new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos())
        {
            if (TargetOf(descriptor)?.StartsWith("socket:", StringComparison.Ordinal) == true)
                count++;
        }

        return count;
    }

    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
    }

    public static bool IsStopped(int process) =>
        Directory.GetDirectories($"/proc/{process}/task").All(thread => StateOf(thread) is null or 'T');

    /// <summary>The processes that a process has started, the oldest first.</summary>
    public static IReadOnlyList<int> Children(int process) =>
    [
        .. Directory.GetDirectories("/proc")
            .Where(directory => char.IsAsciiDigit(Path.GetFileName(directory)[0]) && ParentOf(directory) == process)
            .Select(directory => int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture))
            .Order(),
    ];

    private static char? StateOf(string thread) => StatOf(thread)?[0][0];

    private static int? ParentOf(string process) =>
        StatOf(process) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : null;

    // The state and what follows it: before them is the name, which is in brackets and may hold anything. It may end meanwhile.
    private static string[]? StatOf(string task)
    {
        try
        {
            var text = File.ReadAllText($"{task}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    // It may be closed between the listing and the look at it.
    private static string? TargetOf(FileSystemInfo descriptor)
    {
        try
        {
            return descriptor.LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
