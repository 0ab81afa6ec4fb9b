using System.Diagnostics;
using SharpFuzz;

namespace Quoll.Fuzz;

/// <summary>A copy of this program beside it, in which the code under test counts its branches (<see cref="BranchTable"/>).</summary>
internal static class InstrumentedCopy
{
    private const string Mark = "QUOLL_FUZZ_INSTRUMENTED";
    private static readonly string[] UnderTest = ["Quoll.Protocol.dll", "Quoll.Core.dll", "Quoll.Storage.dll", "Quoll.Server.dll"];

    public static bool IsThis => Environment.GetEnvironmentVariable(Mark) is not null;

    /// <summary>Makes the copy, runs it with the same arguments, and returns its exit code.</summary>
    public static int Run(IEnumerable<string> arguments)
    {
        var copy = Directory.CreateTempSubdirectory("quoll-fuzz-").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(AppContext.BaseDirectory))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            foreach (var assembly in UnderTest)
                Fuzzer.Instrument(Path.Combine(copy, assembly), static _ => true, Options.Value);

            var start = new ProcessStartInfo(Environment.ProcessPath!, [Path.Combine(copy, "Quoll.Fuzz.dll"), .. arguments]);
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != "dotnet")
                start = new ProcessStartInfo(Path.Combine(copy, Path.GetFileName(Environment.ProcessPath!)), arguments);
            start.Environment[Mark] = "1";
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
