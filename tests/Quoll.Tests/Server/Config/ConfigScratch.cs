using Quoll.Server.Config;

namespace Quoll.Tests.Server.Config;

/// <summary>A directory of its own for each test, with a zoo.cfg in it.</summary>
public abstract class ConfigScratch : IDisposable
{
    protected ConfigScratch()
    {
        Root = Directory.CreateTempSubdirectory("quoll-config-").FullName;
        DataDir = Path.Combine(Root, "data");
        CfgPath = Path.Combine(Root, "zoo.cfg");
    }

    protected string Root { get; }

    protected string DataDir { get; }

    protected string CfgPath { get; }

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    internal ConfigResult ReadText(string text, params (string Key, string Value)[] sets)
    {
        File.WriteAllText(CfgPath, text);
        return ServerConfigReader.Read(CfgPath, [.. sets.Select(set => KeyValuePair.Create(set.Key, set.Value))]);
    }

    /// <summary>A good file of two lines, and the given ones from line 3 on.</summary>
    internal ConfigResult ReadWith(params string[] lines) =>
        ReadText($"dataDir={DataDir}\nclientPort=2181\n{string.Join('\n', lines)}\n");

    internal ServerConfig Good(params string[] lines)
    {
        var result = ReadWith(lines);
        Assert.Empty(result.Errors);
        return result.Config!;
    }

    internal ConfigProblem OnlyError(params string[] lines)
    {
        var result = ReadWith(lines);
        Assert.Null(result.Config);
        return Assert.Single(result.Errors);
    }

    internal ConfigProblem OnlyWarning(params string[] lines)
    {
        var result = ReadWith(lines);
        Assert.Empty(result.Errors);
        return Assert.Single(result.Warnings);
    }
}
