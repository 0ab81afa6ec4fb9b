using System.CommandLine;

namespace Quoll.Fuzz;

/// <summary>The command line.</summary>
internal static class FuzzCommand
{
    private const int NothingFound = 0;
    private const int Found = 1;

    public static RootCommand Root()
    {
        var target = new Argument<string>("target") { Description = $"What is to read: {string.Join(", ", FuzzTargets.Names)}." };
        target.AcceptOnlyFromAmong([.. FuzzTargets.Names]);
        var seed = new Option<int>("--seed") { Description = "Of all chance.", DefaultValueFactory = _ => 1 };
        var executions = new Option<long>("--executions") { Description = "Inputs at most.", DefaultValueFactory = _ => long.MaxValue };
        var seconds = new Option<int>("--seconds") { Description = "Seconds at most.", DefaultValueFactory = _ => 60 };
        var corpus = new Option<string>("--corpus")
        {
            Description = "Where the inputs kept are, a directory for each target; findings are saved there.",
            DefaultValueFactory = _ => "tests/corpus",
        };
        var findings = new Option<int>("--findings") { Description = "Stop after so many.", DefaultValueFactory = _ => 1 };
        var guided = new Option<bool>("--guided") { Description = "Keep inputs that take new branches: runs on an instrumented copy." };
        var distil = new Option<bool>("--distil") { Description = "Save few small inputs that together take all branches; with --guided." };
        var replay = new Option<string?>("--replay") { Description = "Read this one file, and tell what comes of it." };
        var root = new RootCommand("Feeds changed inputs to Quoll's readers. Exit code: 0 nothing found, 1 something found, 2 usage.")
        {
            target, seed, executions, seconds, corpus, findings, guided, distil, replay,
        };
        root.SetAction(result =>
        {
            if (result.GetValue(guided) && !InstrumentedCopy.IsThis)
                return InstrumentedCopy.Run(result.Tokens.Select(token => token.Value));
            var what = FuzzTargets.Create(result.GetRequiredValue(target));
            using var _ = what as IDisposable;
            if (result.GetValue(replay) is { } file)
                return Replay(what, File.ReadAllBytes(file));
            var time = TimeSpan.FromSeconds(result.GetValue(seconds));
            var limits = new FuzzLimits(result.GetValue(seed), result.GetValue(executions), time, result.GetValue(findings));
            return Run(what, Path.Combine(result.GetRequiredValue(corpus), what.Name), limits, result.GetValue(distil));
        });
        return root;
    }

    private static int Replay(IFuzzTarget target, byte[] input)
    {
        var (outcome, finding) = Execution.Of(target, input);
        Console.WriteLine(finding is null ? outcome : $"{finding.Kind}: {finding.Text}");
        return finding is null ? NothingFound : Found;
    }

    private static int Run(IFuzzTarget target, string directory, FuzzLimits limits, bool distil)
    {
        using var watch = new HangWatch(directory);
        var report = FuzzRun.Run(target, Corpus.Load(directory).Select(kept => kept.Input), limits, watch.Begin);
        foreach (var finding in report.Findings)
        {
            Console.WriteLine(Corpus.Save(directory, finding.Kind, finding.Input));
            Console.WriteLine(finding.Text);
        }

        // Counted before the branches are forgotten.
        Console.WriteLine(
            $"{target.Name}: seed {limits.Seed}, {report.Executions} executions in {report.Time.TotalSeconds:f0} s, "
            + $"{report.Pool.Count} inputs kept, {report.Outcomes} outcomes, {BranchTable.Taken} branches, "
            + $"{report.Findings.Count} findings");
        var distilled = distil ? [.. FuzzRun.Distil(target, report.Pool)] : new List<byte[]>();
        foreach (var input in distilled)
            Corpus.Save(directory, "branch", input);
        return report.Findings.Count == 0 ? NothingFound : Found;
    }
}
