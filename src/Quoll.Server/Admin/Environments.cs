using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Quoll.Server.Admin;

/// <summary>The answer to <c>envi</c>: Apache's keys, with what stands for each in this process.</summary>
internal static class Environments
{
    public static string Render()
    {
        var memory = GC.GetGCMemoryInfo();
        var text = new StringBuilder("Environment:\n");
        Add("zookeeper.version", ServerCounters.FullVersion);
        Add("host.name", Environment.MachineName);
        Add("java.version", "");
        Add("java.vendor", "");
        Add("java.home", RuntimeEnvironment.GetRuntimeDirectory());
        Add("java.class.path", AppContext.BaseDirectory);
        Add("java.library.path", "");
        Add("java.io.tmpdir", Path.GetTempPath());
        Add("java.compiler", RuntimeInformation.FrameworkDescription);
        Add("os.name", OperatingSystem.IsLinux() ? "Linux" : RuntimeInformation.OSDescription);
        Add("os.arch", RuntimeInformation.OSArchitecture == Architecture.X64 ? "amd64" : RuntimeInformation.OSArchitecture.ToString());
        Add("os.version", Environment.OSVersion.Version.ToString());
        Add("user.name", Environment.UserName);
        Add("user.home", Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        Add("user.dir", Environment.CurrentDirectory);
        Add("os.memory.free", Megabytes(memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes));
        Add("os.memory.max", Megabytes(memory.TotalAvailableMemoryBytes));
        Add("os.memory.total", Megabytes(memory.TotalCommittedBytes));
        return text.ToString();

        void Add(string key, string value) => text.Append(key).Append('=').Append(value).Append('\n');
    }

    private static string Megabytes(long bytes) => (bytes / (1024 * 1024)).ToString(CultureInfo.InvariantCulture) + "MB";
}
