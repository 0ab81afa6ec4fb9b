namespace Quoll.Server.Config;

/// <summary>What becomes of a key.</summary>
internal enum Standing
{
    /// <summary>It does what it does in Apache ZooKeeper.</summary>
    Supported,

    /// <summary>It has nothing to act on here, and nobody can notice that it is passed over.</summary>
    Ignored,

    /// <summary>Not done yet: the server runs without it, and says so.</summary>
    Warned,

    /// <summary>Running without it would harm or deceive the operator: the server does not start.</summary>
    Refused,
}

/// <summary>One key of zoo.cfg or one Java property, named without <c>zookeeper.</c>; or all that begin with its name.</summary>
internal sealed record ConfigKey(string Name, Standing Standing)
{
    /// <summary>The text the file would have to hold for the same effect; null when it follows from other keys.</summary>
    public string? Default { get; init; }

    /// <summary>What a good value is, to complete "expected ...".</summary>
    public string Expected { get; init; } = "";

    /// <summary>The configuration with this value in it, or null for a bad value.</summary>
    public Func<ServerConfig, string, ServerConfig?> Apply { get; init; } = static (config, _) => config;

    /// <summary>Apache raises a smaller number to this one, with a warning.</summary>
    public long? Floor { get; init; }

    /// <summary>What happens instead (warned, refused), or why nothing does (ignored).</summary>
    public string Instead { get; init; } = "";

    /// <summary>With one of these values the key asks for nothing that is not there.</summary>
    public IReadOnlyList<string> Harmless { get; init; } = [];

    /// <summary>A value that must not be shown.</summary>
    public bool Secret { get; init; }

    /// <summary>The name as written in docs/operations.md ends in <c>*</c>, and stands for every key that begins so.</summary>
    public bool IsPrefix { get; init; }
}
