using Quoll.Client;

namespace Quoll.Cli.Shell;

/// <summary>What two subtrees have not in common. Both are read once, side by side.</summary>
internal static class SubtreeDiff
{
    /// <summary>Tells each difference: - what only the left has, + what only the right has, ~ what is different.</summary>
    /// <returns>How many there are.</returns>
    public static async Task<int> RunAsync(
        (ZooKeeperClient Client, string Root) left, (ZooKeeperClient Client, string Root) right, Action<char, string, string> tell,
        CancellationToken stop)
    {
        await using var mine = Walk(left, stop).GetAsyncEnumerator(stop);
        await using var yours = Walk(right, stop).GetAsyncEnumerator(stop);
        var (one, two) = (await mine.MoveNextAsync() ? mine.Current : null, await yours.MoveNextAsync() ? yours.Current : null);
        var count = 0;
        while (one is not null || two is not null)
        {
            var order = one is null ? 1 : two is null ? -1 : Compare(Below(one, left.Root), Below(two, right.Root));
            var difference = order == 0 ? Difference(one!, two!) : "";
            if (order != 0 || difference.Length > 0)
            {
                count++;
                tell(order < 0 ? '-' : order > 0 ? '+' : '~', order <= 0 ? one!.Path : two!.Path, difference);
            }

            if (order <= 0)
                one = await mine.MoveNextAsync() ? mine.Current : null;
            if (order >= 0)
                two = await yours.MoveNextAsync() ? yours.Current : null;
        }

        return count;
    }

    private static IAsyncEnumerable<Visited> Walk((ZooKeeperClient Client, string Root) side, CancellationToken stop) =>
        Subtree.WalkAsync(side.Client, side.Root, SubtreeParts.Data | SubtreeParts.Acl, stop);

    private static string[] Below(Visited visited, string root) =>
        Subtree.Below(root, visited.Path).Split('/', StringSplitOptions.RemoveEmptyEntries);

    // In the order of the walk: each before what is below it, by names.
    private static int Compare(string[] one, string[] two)
    {
        for (var i = 0; i < Math.Min(one.Length, two.Length); i++)
        {
            if (string.CompareOrdinal(one[i], two[i]) is var order and not 0)
                return order;
        }

        return one.Length.CompareTo(two.Length);
    }

    private static string Difference(Visited one, Visited two)
    {
        var found = new List<string>();
        if (!one.Data.AsSpan().SequenceEqual(two.Data))
            found.Add($"data ({one.Data.Length} and {two.Data.Length} bytes)");
        if (!one.Acl.SequenceEqual(two.Acl))
            found.Add("ACL");
        if (one.IsEphemeral != two.IsEphemeral)
            found.Add("one is ephemeral");
        return string.Join(", ", found);
    }
}
