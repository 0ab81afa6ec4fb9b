using System.Diagnostics;

namespace Quoll.Interop.Clients;

/// <summary>Compiles a program or library of ours where the test runs, so that it links to the library that is installed there.</summary>
internal static class CompilerRun
{
    public static Task CAsync(string source, string program) => RunAsync(new ProcessStartInfo(
        "gcc",
        ["-std=c11", "-D_GNU_SOURCE", "-DTHREADED", "-Wall", "-Werror", "-o", program, source, "-lzookeeper_mt", "-lpthread"]));

    /// <summary>A library that can be preloaded into any program.</summary>
    public static Task LibraryAsync(string source, string library) => RunAsync(new ProcessStartInfo(
        "gcc", ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"]));

    public static Task GoAsync(string source, string program)
    {
        // Debian keeps the sources of Go libraries here and builds without modules.
        var build = new ProcessStartInfo("go", ["build", "-o", program, source]);
        build.Environment["GO111MODULE"] = "off";
        build.Environment["GOFLAGS"] = string.Empty;
        build.Environment["GOPATH"] = "/usr/share/gocode";
        build.Environment["GOCACHE"] = Path.Combine(Path.GetTempPath(), "quoll-interop-go-cache");
        return RunAsync(build);
    }

    private static async Task RunAsync(ProcessStartInfo command)
    {
        using var compiler = ClientProgram.Start(command);
        await compiler.FinishAsync();
    }
}
