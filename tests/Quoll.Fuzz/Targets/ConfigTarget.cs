using Quoll.Server.Config;

namespace Quoll.Fuzz.Targets;

/// <summary>A zoo.cfg. Its parts are lines.</summary>
internal sealed class ConfigTarget : IFuzzTarget, IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public string Name => "config";

    public IReadOnlyList<byte[]> Seeds() =>
    [
        [.. "tickTime=2000\ninitLimit=10\ndataDir=/nowhere/data\nclientPort=2181\nautopurge.purgeInterval=1\nmaxClientCnxns=60\n"u8],
        [.. "# a comment\ndataDir=/nowhere/a\\\n  b\nsnapshot.compression.method=gz\n4lw.commands.whitelist=*\nunknown=1\n"u8],
        [.. "dataDir : /nowhere/c\ndataLogDir=\\u002fnowhere\nserver.1=127.0.0.1:2888:3888:participant;2181\nsnapCount=-1\ntickTime=x\n"u8],
        [.. SupportedKeys.All.SelectMany(key => System.Text.Encoding.UTF8.GetBytes($"{key.Name}={key.Default ?? "1"}\n"))],
    ];

    public List<byte[]> Split(byte[] input)
    {
        var lines = new List<byte[]>();
        for (ReadOnlySpan<byte> rest = input; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n') is >= 0 and var found ? found + 1 : rest.Length;
            lines.Add(rest[..end].ToArray());
            rest = rest[end..];
        }

        return lines;
    }

    public byte[] Join(IReadOnlyList<byte[]> parts) => [.. parts.SelectMany(part => part)];

    public string Run(byte[] input)
    {
        File.WriteAllBytes(_path, input);
        var result = ServerConfigReader.Read(_path, []);
        BrokenPromiseException.Unless(result.Config is null == result.Errors.Count > 0, "there is a configuration, or an error");
        return $"{Kinds(result.Errors)}/{Kinds(result.Warnings)}";
    }

    public void Dispose() => File.Delete(_path);

    // Of a problem only the key, if it is one: the rest is the file's own text.
    private static string Kinds(IEnumerable<ConfigProblem> problems) =>
        string.Join(',', problems.Select(KeyOf).Distinct().Order(StringComparer.Ordinal));

    private static string KeyOf(ConfigProblem problem) => problem.Key is { } key ? ConfigKeys.Find(key)?.Name ?? "?" : "-";
}
