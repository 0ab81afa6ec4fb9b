using System.Globalization;

namespace Quoll.Cli.Shell;

/// <summary>What a server says of itself by <c>srvr</c>, which every server answers.</summary>
internal sealed record ServerStatus(string Server, bool Answers, string Mode, string Version, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>It has a role, and so serves.</summary>
    public bool Serves => Fields.ContainsKey("Mode");

    /// <summary>It is one of an ensemble.</summary>
    public bool HasOthers => Mode is "leader" or "follower" or "observer";

    /// <summary>How many packets it has received; null if it does not say.</summary>
    public long? Received => Number(Field("Received"));

    /// <summary>The last change that it has; null if it does not say.</summary>
    public long? Zxid => Field("Zxid") is ['0', 'x', .. var hex]
        && long.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var zxid) ? zxid : null;

    public static async Task<ServerStatus> AskAsync(string server, CancellationToken stop) =>
        await FourLetterWord.AskAsync(server, "srvr", stop) is { } text
            ? Parse(server, text)
            : new ServerStatus(server, false, "no answer", "", new Dictionary<string, string>());

    public static ServerStatus Parse(string server, string text)
    {
        var fields = new Dictionary<string, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0)
                fields[line[..colon]] = line[(colon + 2)..];
        }

        var version = fields.GetValueOrDefault("Zookeeper version", "").Split([',', ' ', '-'])[0];
        return new ServerStatus(server, true, fields.GetValueOrDefault("Mode", text.Trim()), version, fields);
    }

    public string Field(string name) => Fields.GetValueOrDefault(name, "");

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
