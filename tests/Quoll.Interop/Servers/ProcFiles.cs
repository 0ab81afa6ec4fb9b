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
