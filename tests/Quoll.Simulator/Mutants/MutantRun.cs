using System.Diagnostics;
using System.Globalization;

namespace Quoll.Simulator.Mutants;

/// <summary>
/// Asks whether the simulator would notice: makes each mutant in a copy of the sources, builds it, and runs it until it is caught. One that
/// is not caught is a hole in the simulator.
/// </summary>
internal sealed class MutantRun(string root, int seeds, int seconds)
{
    private const int ProgramSeconds = 60;
    private static readonly string[] NotCopied = [".git", "artifacts", "bin", "obj"];
    private readonly string _scratch = Path.Combine(Path.GetTempPath(), "quoll-mutants");

    /// <summary>Runs those whose names have one of these in them, with commas between; the number of those that were not caught.</summary>
    public int Run(string only)
    {
        var parts = only.Split(',');
        var mutants = Mutant.ReadAll(root)
            .Where(mutant => parts.Any(part => mutant.Name.Contains(part, StringComparison.Ordinal)))
            .ToList();
        var misfits = mutants.SelectMany(mutant => mutant.Misfits(root)).ToList();
        misfits.ForEach(Console.WriteLine);
        if (misfits.Count > 0)
            return misfits.Count;
        if (Directory.Exists(_scratch))
            Directory.Delete(_scratch, recursive: true);
        Copy(root, _scratch);
        var missed = 0;
        Console.WriteLine("| mutant | caught at seed | by |");
        Console.WriteLine("|---|--:|---|");
        foreach (var mutant in mutants)
        {
            var restore = mutant.Apply(_scratch);
            var (seed, complaint) = Judge(mutant.Program);
            restore();
            Console.WriteLine($"| {mutant.Name.Replace('-', ' ')} | {seed?.ToString(CultureInfo.InvariantCulture) ?? "-"} | {complaint} |");
            missed += seed is null ? 1 : 0;
        }

        return missed;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var directory in Directory.EnumerateDirectories(from).Where(path => !NotCopied.Contains(Path.GetFileName(path))))
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
    }

    private (int? Seed, string Complaint) Judge(string? program)
    {
        var (built, said) = Start(
            "dotnet", "build -c Release tests/Quoll.Simulator -v q -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false");
        if (!built)
            return (null, $"does not build: {said.Find(line => line.Contains("error", StringComparison.Ordinal))}");

        if (program is not null)
            return RunSeeds($"program {program}", ProgramSeconds);

        // Three are often a quorum where five would not be.
        var found = RunSeeds("--servers 3", seconds);
        return found.Seed is null ? RunSeeds("--servers 5 --observers 1", seconds) : found;
    }

    private (int? Seed, string Complaint) RunSeeds(string what, int length)
    {
        var program = Path.Combine(_scratch, "artifacts/bin/Quoll.Simulator/release/Quoll.Simulator");
        var (passed, lines) = Start(program, $"{what} --runs {seeds} --seconds {length} --brief");
        var last = lines.FindLastIndex(line => line.StartsWith("seed ", StringComparison.Ordinal));
        if (passed || last < 0)
            return (null, passed ? "nothing" : string.Join(' ', lines.TakeLast(3)));
        var seed = int.Parse(lines[last]["seed ".Length..lines[last].IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        return (seed, $"{lines.Skip(last + 1).FirstOrDefault() ?? "an end without a word"} ({what})");
    }

    private (bool Succeeded, List<string> Output) Start(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _scratch,
            RedirectStandardOutput = true,
        })!;
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        process.WaitForExit();
        return (process.ExitCode == 0, lines);
    }
}
