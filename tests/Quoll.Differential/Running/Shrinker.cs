using Quoll.Differential.Ops;

namespace Quoll.Differential.Running;

/// <summary>A sequence and the difference it shows.</summary>
internal sealed record Shown(IReadOnlyList<Op> Ops, Difference Difference);

/// <summary>Looks for the shortest sequence that still differs, by leaving ops out: halves first, single ops last.</summary>
internal sealed class Shrinker(Func<IReadOnlyList<Op>, Task<Difference?>> run, int budget)
{
    private int _budget = budget;

    public async Task<Shown> ShrinkAsync(IReadOnlyList<Op> ops, Difference difference)
    {
        var best = new Shown(Until(ops, difference), difference);
        for (var chunk = Math.Max(1, best.Ops.Count / 2); chunk > 0 && _budget > 0;)
        {
            var shorter = await LeaveOutAsync(best, chunk);
            if (shorter.Ops.Count == best.Ops.Count)
                chunk /= 2;

            best = shorter;
            chunk = Math.Min(chunk, best.Ops.Count);
        }

        return best;
    }

    private async Task<Shown> LeaveOutAsync(Shown best, int chunk)
    {
        // From the end: what comes late rests on what came before it.
        for (var start = best.Ops.Count - chunk; start > -chunk && _budget > 0; start -= chunk)
        {
            var from = Math.Max(start, 0);
            List<Op> candidate = [.. best.Ops.Take(from), .. best.Ops.Skip(start + chunk)];
            if (candidate.Count == 0 || candidate.Count == best.Ops.Count)
                continue;

            _budget--;
            if (await run(candidate) is { } difference)
                best = new Shown(Until(candidate, difference), difference);

            start = Math.Min(start, best.Ops.Count);
        }

        return best;
    }

    private static IReadOnlyList<Op> Until(IReadOnlyList<Op> ops, Difference difference) =>
        [.. ops.Take(difference.Index + 1)];
}
