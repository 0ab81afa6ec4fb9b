using System.Globalization;
using System.Text.RegularExpressions;

namespace Quoll.Cli.Shell;

/// <summary>A connection of a client, as a server tells of it by <c>cons</c>.</summary>
/// <param name="Server">Which server.</param>
/// <param name="Address">Where the client is.</param>
/// <param name="Fields">What is told of it, by zookeeper's short names, such as <c>recved</c> and <c>sid</c>.</param>
internal sealed partial record ClientConnection(string Server, string Address, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>Its session, as 0x…; empty while it has none, as who asks by a four-letter word.</summary>
    public string Session => Field("sid");

    public long Received => Number("recved");

    public long Queued => Number("queued");

    /// <summary>How long ago it connected.</summary>
    public TimeSpan Age(DateTimeOffset now) =>
        Fields.ContainsKey("est") ? now - DateTimeOffset.FromUnixTimeMilliseconds(Number("est")) : default;

    /// <summary>The clients of a server.</summary>
    /// <exception cref="ShellException">It does not tell.</exception>
    public static async Task<ClientConnection[]> AskAsync(string server, CancellationToken stop)
    {
        var answer = await FourLetterWord.AskAsync(server, "cons", stop)
            ?? throw new ShellException($"{server} does not answer.");
        return answer.Contains("is not in the whitelist", StringComparison.Ordinal)
            ? throw new ShellException($"{server} does not tell of its clients: its 4lw.commands.whitelist must have cons.")
            : [.. Parse(server, answer)];
    }

    public static IEnumerable<ClientConnection> Parse(string server, string answer) =>
        from line in Line().Matches(answer)
        select new ClientConnection(server, line.Groups["address"].Value, Read(line.Groups["fields"].Value));

    private static Dictionary<string, string> Read(string fields) =>
        Field().Matches(fields).ToDictionary(field => field.Groups["name"].Value, field => field.Groups["value"].Value);

    public string Field(string name) => Fields.GetValueOrDefault(name, "");

    private long Number(string name) =>
        long.TryParse(Field(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"^ */?(?<address>\S+?)\[\d+\]\((?<fields>.*)\)\s*$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"(?<name>\w+)=(?<value>[^,]*)")]
    private static partial Regex Field();
}
