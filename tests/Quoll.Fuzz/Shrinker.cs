namespace Quoll.Fuzz;

/// <summary>Makes a finding's input smaller while it stays the same kind of finding.</summary>
internal static class Shrinker
{
    private const int MaxRuns = 2000;

    public static Finding Shrink(IFuzzTarget target, Finding finding)
    {
        // Again and again for seconds each is not worth it.
        if (finding.Kind == "Slow")
            return finding;
        var runs = 0;
        for (var size = Math.Max(finding.Input.Length / 2, 1); size >= 1 && runs < MaxRuns; size /= 2)
        {
            for (var at = 0; at < finding.Input.Length && runs < MaxRuns;)
            {
                var end = Math.Min(at + size, finding.Input.Length);
                finding = Try(target, finding, [.. finding.Input[..at], .. finding.Input[end..]], ref runs) is { } smaller
                    ? smaller
                    : Skip(finding, ref at, size);
            }
        }

        return ShrinkParts(target, finding, ref runs);
    }

    // Without a part, and with checksums that fit what is left.
    private static Finding ShrinkParts(IFuzzTarget target, Finding finding, ref int runs)
    {
        for (var at = target.Split(finding.Input).Count - 1; at >= 0 && runs < 2 * MaxRuns; at--)
        {
            var parts = target.Split(finding.Input);
            if (at >= parts.Count)
                continue;
            parts.RemoveAt(at);
            finding = Try(target, finding, target.Join(parts), ref runs) ?? finding;
        }

        return finding;
    }

    private static Finding? Try(IFuzzTarget target, Finding finding, byte[] input, ref int runs)
    {
        runs++;
        return input.Length < finding.Input.Length && Execution.Of(target, input).Finding is { } found && found.Shape == finding.Shape
            ? found
            : null;
    }

    private static Finding Skip(Finding finding, ref int at, int size)
    {
        at += size;
        return finding;
    }
}
