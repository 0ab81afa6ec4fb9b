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

    // The state stands behind the name, which is in brackets and may hold anything. A thread may end meanwhile.
    private static char? StateOf(string thread)
    {
        try
        {
            var text = File.ReadAllText($"{thread}/stat");
            return text[text.LastIndexOf(')') + 2];
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
