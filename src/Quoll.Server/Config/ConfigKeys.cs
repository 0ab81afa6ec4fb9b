namespace Quoll.Server.Config;

/// <summary>Finds the key that a name means.</summary>
internal static class ConfigKeys
{
    private const string JavaPrefix = "zookeeper.";

    private static readonly Dictionary<string, ConfigKey> Exact =
        SupportedKeys.All.Concat(OtherKeys.All).Where(key => !key.IsPrefix).ToDictionary(key => key.Name, StringComparer.Ordinal);

    /// <summary>The longest first, so that <c>ssl.quorum.</c> is asked before <c>ssl.</c></summary>
    private static readonly ConfigKey[] Prefixes =
        [.. OtherKeys.All.Where(key => key.IsPrefix).OrderByDescending(key => key.Name.Length)];

    /// <summary>
    /// Names under which Apache's manual describes a key, although its server reads another: they never had an effect.
    /// </summary>
    private static readonly Dictionary<string, string> OnlyInTheManual = new(StringComparer.Ordinal)
    {
        ["connectionMaxTokens"] = "connection_throttle_tokens",
        ["connectionTokenFillTime"] = "connection_throttle_fill_time",
        ["connectionTokenFillCount"] = "connection_throttle_fill_count",
        ["connectionFreezeTime"] = "connection_throttle_freeze_time",
        ["connectionDropIncrease"] = "connection_throttle_drop_increase",
        ["connectionDropDecrease"] = "connection_throttle_drop_decrease",
        ["connectionDecreaseRatio"] = "connection_throttle_decrease_ratio",
        ["requestThrottleLimit"] = "request_throttle_max_requests",
        ["requestThrottleStallTime"] = "request_throttle_stall_time",
        ["requestThrottleDropStale"] = "request_throttle_drop_stale",
        ["requestStaleLatencyCheck"] = "request_stale_latency_check",
        ["requestStaleConnectionCheck"] = "request_stale_connection_check",
        ["throttledOpWaitTime"] = "throttled_op_wait_time",
    };

    public static IEnumerable<ConfigKey> All => SupportedKeys.All.Concat(OtherKeys.All);

    /// <summary>A Java property may be named as for -D: <c>zookeeper.snapCount</c> is <c>snapCount</c>.</summary>
    public static string Canonical(string name) =>
        name.StartsWith(JavaPrefix, StringComparison.Ordinal) ? name[JavaPrefix.Length..] : name;

    public static ConfigKey? Find(string canonical) =>
        Exact.GetValueOrDefault(canonical)
        ?? Array.Find(Prefixes, prefix =>
            canonical.Length > prefix.Name.Length && canonical.StartsWith(prefix.Name, StringComparison.Ordinal));

    /// <summary>The key that an unknown name most likely stands for, or null when none is near.</summary>
    public static string? Nearest(string unknown)
    {
        // No key is longer than this, and comparing costs the product of the lengths.
        if (unknown.Length > 64)
            return null;

        if (OnlyInTheManual.TryGetValue(unknown, out var read))
            return read;

        var nearest = Exact.Values.Append(new ConfigKey("server.1", Standing.Supported))
            .Select(key => (key.Name, Distance: Distance(unknown.ToUpperInvariant(), key.Name.ToUpperInvariant())))
            .MinBy(candidate => candidate.Distance);
        return nearest.Distance <= Math.Min(3, unknown.Length / 3) ? nearest.Name : null;
    }

    /// <summary>How many letters must be changed, added or taken away, two swapped neighbours counting as one.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
                rows[i, j] = i == 0 || j == 0 ? i + j : Cheapest(i, j);
        }

        return rows[left.Length, right.Length];

        int Cheapest(int i, int j)
        {
            var change = rows[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            var best = Math.Min(change, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
            var swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            return swapped ? Math.Min(best, rows[i - 2, j - 2] + 1) : best;
        }
    }
}
