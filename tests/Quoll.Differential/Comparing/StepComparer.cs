using Quoll.Differential.Ops;
using Quoll.Differential.Wire;

namespace Quoll.Differential.Comparing;

/// <summary>Says whether two servers did the same in one step.</summary>
internal sealed class StepComparer(ServerKind left, ServerKind right)
{
    private readonly IReadOnlyList<AcceptedDifference> _rules = AcceptedDifferences.For(left, right);

    public bool Same(IReadOnlyList<Op> step, List<Line> leftLines, List<Line> rightLines)
    {
        var lefts = Prepare(step, leftLines);
        var rights = Prepare(step, rightLines);
        if (lefts.Count != rights.Count)
            return false;

        var answered = 0;
        for (var i = 0; i < lefts.Count; i++)
        {
            var op = step[Math.Min(answered, step.Count - 1)];
            if (lefts[i].Kind == "reply")
                answered++;

            if (lefts[i].Text != rights[i].Text && !Excused(op, lefts[i], rights[i]))
                return false;
        }

        return true;
    }

    /// <summary>The lines as they are compared and shown.</summary>
    public List<Line> Prepare(IReadOnlyList<Op> step, List<Line> lines)
    {
        var prepared = new List<Line>(lines.Count);
        var answered = 0;
        foreach (var line in lines)
        {
            var op = step[Math.Min(answered, step.Count - 1)];
            if (line.Kind == "reply")
                answered++;

            prepared.Add(_rules.Aggregate(line, (current, rule) => rule.Soften is { } soften ? soften(op, current) : current));
        }

        // A closing session's ephemerals go in the order of a hash table, and their events with them.
        if (step.Any(op => op is ExpireOp or RequestOp { Type: Opcode.CloseSession }))
            SortEvents(prepared);

        return prepared;
    }

    private bool Excused(Op op, Line leftLine, Line rightLine)
    {
        var (old, now) = left <= right ? (leftLine, rightLine) : (rightLine, leftLine);
        return old.Kind == "reply" && now.Kind == "reply" && _rules.Any(rule => rule.Excuses?.Invoke(op, old, now) == true);
    }

    private static void SortEvents(List<Line> lines)
    {
        for (var start = 0; start < lines.Count;)
        {
            var end = start;
            while (end < lines.Count && lines[end].IsEvent && lines[end].Slot == lines[start].Slot)
                end++;

            if (end == start)
            {
                start++;
                continue;
            }

            lines.Sort(start, end - start, Comparer<Line>.Create((a, b) => string.CompareOrdinal(a.Text, b.Text)));
            start = end;
        }
    }
}
