using Quoll.Differential.Comparing;
using Quoll.Differential.Generation;
using Quoll.Differential.Ops;
using Quoll.Differential.Running;

namespace Quoll.Differential;

/// <summary>Sends the same sequences to two servers and tells where they part.</summary>
public static class DifferentialRun
{
    // A difference that shows in none of so many repetitions is the machine's doing or a race, and is told apart.
    private const int Repetitions = 2;

    public static async Task<DifferentialReport> RunAsync(DifferentialOptions options, CancellationToken cancel = default)
    {
        await using var corruptor = options.CorruptRepliesTo is { } type ? ReplyCorruptor.Start(options.Right, type) : null;
        return await new Run(corruptor is null ? options : options with { Right = corruptor.Endpoint }).GoAsync(cancel);
    }

    /// <summary>The ops of each sequence, as a report would show them.</summary>
    public static IEnumerable<string> List(DifferentialOptions options)
    {
        var generator = Generator(options);
        for (var number = options.First; number < options.First + options.Sequences; number++)
        {
            yield return $"sequence {number} of seed {options.Seed}";
            foreach (var op in generator.Make(options.Seed, number))
                yield return "  " + op.Text;
        }
    }

    private static SequenceGenerator Generator(DifferentialOptions options) =>
        new(AcceptedDifferences.RestrictionsFor(options.LeftIs, options.RightIs), options.Length, options.Pipeline, options.Expire);

    private sealed class Run(DifferentialOptions options)
    {
        private readonly SequenceGenerator _generator = Generator(options);

        private readonly List<string> _differences = [];
        private readonly List<string> _unstable = [];
        private readonly Dictionary<string, int> _mix = [];
        private bool _level = true;
        private int _roots;

        public async Task<DifferentialReport> GoAsync(CancellationToken cancel)
        {
            var (sequences, ops) = (0, 0);
            while (sequences < options.Sequences && _differences.Count < options.MaxDifferences && !cancel.IsCancellationRequested)
            {
                var number = options.First + sequences++;
                var sequence = _generator.Make(options.Seed, number);
                ops += sequence.Count;
                if (await TryAsync(sequence) is { } difference)
                    await InvestigateAsync(number, sequence, difference);
            }

            return new DifferentialReport(sequences, ops, _differences, _unstable) { Mix = _mix };
        }

        private async Task InvestigateAsync(int number, IReadOnlyList<Op> sequence, Difference first)
        {
            try
            {
                Difference? again = null;
                for (var i = 0; i < Repetitions && again is null; i++)
                    again = await TryAsync(sequence);

                if (again is null)
                {
                    _unstable.Add(Account.Of(options, number, sequence, first));
                    return;
                }

                var (ops, difference) = await new Shrinker(TryAsync, options.ShrinkRuns).ShrinkAsync(sequence, again);
                _differences.Add(Account.Of(options, number, ops, difference));
            }
            catch (ServerUnusableException broken)
            {
                // A server that did not survive is a difference too, only one that cannot be shrunk.
                _differences.Add(Account.Of(options, number, sequence, first) + "  and then " + broken.Message + Environment.NewLine);
            }
        }

        private async Task<Difference?> TryAsync(IReadOnlyList<Op> ops)
        {
            while (true)
            {
                var runner = new SequenceRunner(options, $"/q{options.Seed:x}r{_roots++}", _mix);
                var difference = await runner.RunAsync(ops, _level);
                if (runner.Taken)
                    continue;

                _level = difference is not null;
                return difference;
            }
        }
    }
}
