using Quoll.Protocol;

namespace Quoll.Core.Tree;

/// <summary>
/// Quotas: limits that clients write below <c>/zookeeper/quota</c>, and the usage that the server keeps beside them. Only the deepest
/// quota over a path counts; the root has none.
/// </summary>
internal sealed class Quotas(DataTree tree, ulong seed)
{
    private static ReadOnlySpan<byte> QuotaRoot => "/zookeeper/quota"u8;

    private static ReadOnlySpan<byte> LimitsName => "zookeeper_limits"u8;

    private static ReadOnlySpan<byte> UsageName => "zookeeper_stats"u8;

    private readonly HashSet<byte[]> _paths = new(new BytesComparer(seed));

    // Lengths of paths that have or had a quota: few of a deep path's ancestors need to be looked up.
    private readonly HashSet<int> _lengths = [];

    /// <summary>Paths that have a quota.</summary>
    public IReadOnlyCollection<byte[]> Paths => _paths;

    /// <summary>What a new znode means for quotas: its own may begin, and one over it counts it.</summary>
    public void OnCreated(ReadOnlySpan<byte> path, int dataLength)
    {
        if (path.StartsWith(QuotaRoot) && ZnodePath.Parent(path) is { Length: > 0 } parent && parent.StartsWith(QuotaRoot))
        {
            var target = parent[QuotaRoot.Length..];
            var name = ZnodePath.Name(path);
            if (name.SequenceEqual(LimitsName) && !target.IsEmpty)
                AddPath(target.ToArray());
            else if (name.SequenceEqual(UsageName))
                Recount(target);
        }

        if (_paths.Count > 0)
            Charge(path, dataLength, 1);
    }

    public void OnDeleted(ReadOnlySpan<byte> path, int dataLength)
    {
        if (_paths.Count == 0)
            return;
        if (path.StartsWith(QuotaRoot) && ZnodePath.Name(path).SequenceEqual(LimitsName))
            _paths.Remove(ZnodePath.Parent(path)[QuotaRoot.Length..].ToArray());
        Charge(path, -dataLength, -1);
    }

    public void OnDataChanged(ReadOnlySpan<byte> path, int lengthChange)
    {
        if (_paths.Count > 0)
            Charge(path, lengthChange, 0);
    }

    /// <summary>
    /// Checks a change against the quota over it. A hard limit refuses; a soft one is only told, as <paramref name="exceeded"/>.
    /// </summary>
    public ErrorCode Check(ReadOnlySpan<byte> path, long bytes, long count, out string? exceeded)
    {
        exceeded = null;
        if (!TryFindQuota(path, out var prefix) || tree.Find(PathOf(prefix, LimitsName)) is not (> 0 and var limitsNode))
            return ErrorCode.Ok;
        var limits = QuotaText.Parse(tree.DataOf(limitsNode));
        if (tree.Find(PathOf(prefix, UsageName)) is not (> 0 and var usageNode))
            return ErrorCode.Ok;
        var usage = QuotaText.Parse(tree.DataOf(usageNode));
        var byCount = Exceeds("count", usage.Count + count, limits.Count, limits.CountHardLimit, count != 0, prefix, ref exceeded);
        if (byCount != ErrorCode.Ok)
            return byCount;
        return Exceeds("bytes", usage.Bytes + bytes, limits.Bytes, limits.ByteHardLimit, bytes != 0, prefix, ref exceeded);
    }

    /// <summary>Finds the quotas of a tree just loaded, and counts their usage anew.</summary>
    public void Rebuild()
    {
        _paths.Clear();
        _lengths.Clear();
        var root = tree.Find(QuotaRoot);
        if (root == 0)
            return;
        var found = new List<byte[]>();
        for (var node = tree.NextBelow(root, root); node != 0; node = tree.NextBelow(root, node))
        {
            if (tree.ChildCountOf(node) == 0 && tree.NameOf(node).SequenceEqual(LimitsName))
                found.Add(ZnodePath.Parent(tree.PathOf(node))[QuotaRoot.Length..].ToArray());
        }

        foreach (var path in found.Where(path => path.Length > 0))
        {
            AddPath(path);
            Recount(path);
        }
    }

    private static ErrorCode Exceeds(
        string what, long value, long soft, long hard, bool changes, byte[] prefix, ref string? exceeded)
    {
        var isHard = hard > -1;
        var limit = isHard ? hard : soft;
        if (!changes || limit <= -1 || value <= limit)
            return ErrorCode.Ok;
        exceeded = $"{System.Text.Encoding.UTF8.GetString(prefix)}: {what} {value} exceeds the {(isHard ? "hard" : "soft")} limit {limit}";
        return isHard ? ErrorCode.QuotaExceeded : ErrorCode.Ok;
    }

    private void AddPath(byte[] path)
    {
        _paths.Add(path);
        _lengths.Add(path.Length);
    }

    private void Charge(ReadOnlySpan<byte> path, long bytes, long count)
    {
        if (!TryFindQuota(path, out var prefix) || tree.Find(PathOf(prefix, UsageName)) is not (> 0 and var node))
            return;
        var usage = QuotaText.Parse(tree.DataOf(node));
        usage.Bytes += bytes;
        usage.Count += count;
        tree.ReplaceDataInPlace(node, usage.ToBytes());
    }

    private void Recount(ReadOnlySpan<byte> target)
    {
        var usage = new QuotaText { Count = 0, Bytes = 0 };
        if (tree.Find(target) is > 0 and var top)
        {
            for (var node = top; node != 0; node = tree.NextBelow(top, node))
            {
                usage.Count++;
                usage.Bytes += Math.Max(tree[node].DataLength, 0);
            }
        }

        if (tree.Find(PathOf(target, UsageName)) is > 0 and var usageNode)
            tree.ReplaceDataInPlace(usageNode, usage.ToBytes());
    }

    private bool TryFindQuota(ReadOnlySpan<byte> path, out byte[] prefix)
    {
        prefix = [];
        if (_paths.Count == 0)
            return false;
        var lookup = _paths.GetAlternateLookup<ReadOnlySpan<byte>>();
        for (; path.Length > 1; path = ZnodePath.Parent(path))
        {
            if (_lengths.Contains(path.Length) && lookup.TryGetValue(path, out var found))
            {
                prefix = found;
                return true;
            }
        }

        return false;
    }

    private static byte[] PathOf(ReadOnlySpan<byte> target, ReadOnlySpan<byte> name) => [.. QuotaRoot, .. target, (byte)'/', .. name];
}
