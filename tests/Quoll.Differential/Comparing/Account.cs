using System.Globalization;
using System.Text;
using Quoll.Differential.Ops;
using Quoll.Differential.Running;

namespace Quoll.Differential.Comparing;

/// <summary>A difference, told for a reader.</summary>
internal static class Account
{
    public static string Of(DifferentialOptions options, int number, IReadOnlyList<Op> ops, Difference difference)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"DIFFERENCE in sequence {number} of seed {options.Seed}");
        text.AppendLine($"  again with: {Command(options, number)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  the shortest found ({ops.Count} ops; ~ is its root, zxids count from there):");
        for (var i = 0; i < ops.Count; i++)
        {
            var joined = i > 0 && SequenceRunner.Together(ops[i - 1], ops[i]);
            text.AppendLine(CultureInfo.InvariantCulture, $"  {(joined ? '+' : ' ')} {ops[i].Text}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  parted {(difference.Index < ops.Count ? "after" : "at the end, at")}:");
        foreach (var op in difference.Step)
            text.AppendLine(CultureInfo.InvariantCulture, $"    {op.Text}");

        SideBySide(text, difference, options.Verbose);
        return text.ToString();
    }

    // What a sequence is depends on the kinds too, since some ops are not sent to some of them.
    private static string Command(DifferentialOptions options, int number)
    {
        var kinds = Kind("--left-is", options.LeftIs) + Kind("--right-is", options.RightIs);
        var pipeline = (options.Pipeline ? " --pipeline" : "") + (options.Expire ? " --expire" : "");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"--seed {options.Seed} --first {number} --sequences 1 --length {options.Length}{pipeline}{kinds}");
    }

    private static string Kind(string option, ServerKind kind) => kind switch
    {
        ServerKind.Apache38 => $" {option} 3.8",
        ServerKind.Apache39 => $" {option} 3.9",
        ServerKind.Quoll => $" {option} quoll",
        _ => "",
    };

    private static void SideBySide(StringBuilder text, Difference difference, bool verbose)
    {
        for (var i = 0; i < Math.Max(difference.Left.Count, difference.Right.Count); i++)
        {
            var left = difference.Left.ElementAtOrDefault(i);
            var right = difference.Right.ElementAtOrDefault(i);
            if (left?.Text == right?.Text)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    both   {left!.Text}");
            }
            else
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  ! left   {left?.Text ?? "nothing"}");
                text.AppendLine(CultureInfo.InvariantCulture, $"  ! right  {right?.Text ?? "nothing"}");
                if (left is not null && right is not null && left.Kind == right.Kind)
                    text.AppendLine(CultureInfo.InvariantCulture, $"    in     {string.Join(", ", Apart(left, right))}");
            }

            if (!verbose)
                continue;

            text.AppendLine(CultureInfo.InvariantCulture, $"    bytes  left  {Hex(left)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"    bytes  right {Hex(right)}");
        }
    }

    private static IEnumerable<string> Apart(Line left, Line right) =>
        left.Fields.Except(right.Fields).Concat(right.Fields.Except(left.Fields)).Select(field => field.Name).Distinct();

    private static string Hex(Line? line) => line is null ? "" : Convert.ToHexStringLower(line.Raw);
}
