using Quoll.Fuzz;

namespace Quoll.Tests.Fuzz;

/// <summary>
/// All that was ever found by feeding broken bytes to the readers, and a little more of the same. Long runs are made by hand
/// (docs/reliability.md).
/// </summary>
public class FuzzTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_kept_is_read_or_refused_in_good_order(string name)
    {
        var target = FuzzTargets.Create(name);
        using var disposed = target as IDisposable;
        Repository.AssertNone(
            from kept in Kept(name)
            let finding = Execution.Of(target, kept.Input).Finding
            where finding is not null
            select $"{name}/{kept.Name}: {finding.Text}");
    }

    [Theory]
    [InlineData("frames", 500)]
    [InlineData("records", 100_000)]
    [InlineData("snapshot", 1500)]
    [InlineData("log", 1000)]
    [InlineData("config", 200)]
    public void Inputs_changed_at_random_are_read_or_refused_in_good_order(string name, int inputs)
    {
        var target = FuzzTargets.Create(name);
        using var disposed = target as IDisposable;
        var limits = new FuzzLimits(Seed: 1, inputs, Time: TimeSpan.FromMinutes(2));
        var report = FuzzRun.Run(target, Kept(name).Select(kept => kept.Input), limits);
        Repository.AssertNone(report.Findings.Select(finding => $"{finding.Text}\n{Convert.ToHexString(finding.Input)}"));
        Assert.Equal(inputs, report.Executions);
    }

    // Else parts changed by themselves would be refused at the door, and what is behind it never seen.
    [Theory]
    [MemberData(nameof(Targets))]
    public void A_targets_own_inputs_are_taken_apart_and_joined_to_the_same(string name)
    {
        var target = FuzzTargets.Create(name);
        using var disposed = target as IDisposable;
        foreach (var seed in target.Seeds())
        {
            var outcome = target.Run(seed);
            Assert.Equal(outcome, target.Run(target.Join(target.Split(seed))));
        }
    }

    [Fact]
    public void A_run_is_told_by_its_seed()
    {
        var first = Inputs(seed: 7);
        Assert.Equal(first, Inputs(seed: 7));
        Assert.NotEqual(first, Inputs(seed: 8));

        static List<string> Inputs(int seed)
        {
            var inputs = new List<string>();
            FuzzRun.Run(
                FuzzTargets.Create("records"), [], new FuzzLimits(seed, 1500, TimeSpan.FromMinutes(1)),
                input => inputs.Add(Convert.ToHexString(input)));
            return inputs;
        }
    }

    private static IReadOnlyList<(string Name, byte[] Input)> Kept(string name) =>
        Corpus.Load(Repository.FullPath(Path.Combine("tests", "corpus", name)));
}
