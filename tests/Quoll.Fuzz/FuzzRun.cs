using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Quoll.Fuzz;

/// <summary>How long, and from which seed.</summary>
public sealed record FuzzLimits(int Seed, long Executions, TimeSpan Time, int MaxFindings = 1);

/// <summary>What a run came to.</summary>
public sealed record FuzzReport(
    long Executions, TimeSpan Time, IReadOnlyList<byte[]> Pool, int Outcomes, IReadOnlyList<Finding> Findings);

/// <summary>
/// Changes inputs and has them read, until something is found or enough is done. An input that leads somewhere new (to a branch not
/// taken before where the code is instrumented, else to an outcome not seen before) is kept, and changed further. The same seed,
/// corpus and number of executions are the same run.
/// </summary>
public static partial class FuzzRun
{
    public static FuzzReport Run(IFuzzTarget target, IEnumerable<byte[]> corpus, FuzzLimits limits, Action<byte[]>? before = null)
    {
        var pool = new List<byte[]>(corpus.Concat(target.Seeds()));
        var findings = new List<Finding>();
        var outcomes = new HashSet<string>();
        var random = new Random(limits.Seed);
        var mutator = new Mutator(target, random);
        var clock = Stopwatch.StartNew();
        var executions = 0L;
        while (executions < limits.Executions && clock.Elapsed < limits.Time && findings.Count < limits.MaxFindings)
        {
            // First what is there, then changes of it.
            var input = executions < pool.Count ? pool[(int)executions] : mutator.Mutate(Pick(pool, random), Pick(pool, random));
            before?.Invoke(input);
            BranchTable.Clear();
            var (outcome, finding) = Execution.Of(target, input);
            executions++;
            var (newBranch, newOutcome) = (BranchTable.HasNews(), outcomes.Add(Shape(outcome)));
            if (finding is not null && findings.All(known => known.Shape != finding.Shape))
                findings.Add(Shrinker.Shrink(target, finding));
            if ((BranchTable.IsCounting ? newBranch : newOutcome) && executions > pool.Count && finding is null)
                pool.Add(input);
        }

        return new FuzzReport(executions, clock.Elapsed, pool, outcomes.Count, findings);
    }

    /// <summary>Of many inputs, few and small ones that together take the same branches. Only instrumented code can tell.</summary>
    public static IEnumerable<byte[]> Distil(IFuzzTarget target, IEnumerable<byte[]> pool)
    {
        BranchTable.Forget();
        foreach (var input in pool.OrderBy(input => input.Length))
        {
            BranchTable.Clear();
            Execution.Of(target, input);
            if (BranchTable.HasNews())
                yield return input;
        }
    }

    // New inputs lead on more often than old ones.
    private static byte[] Pick(List<byte[]> pool, Random random) =>
        pool[random.Next(3) == 0 ? pool.Count - 1 - random.Next((pool.Count + 7) / 8) : random.Next(pool.Count)];

    // Of a number its length is enough; else every input would be new.
    private static string Shape(string outcome) => Numbers().Replace(outcome, number => new string('#', number.Length));

    [GeneratedRegex("[0-9a-f]*[0-9][0-9a-f]*")]
    private static partial Regex Numbers();
}
