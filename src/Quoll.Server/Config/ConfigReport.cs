namespace Quoll.Server.Config;

/// <summary>One setting as given, its key canonical.</summary>
internal sealed record Setting(string Key, string Value, string? File, int? Line)
{
    public bool FromCommandLine { get; init; }
}

/// <summary>Collects what is wrong and what is worth saying.</summary>
internal sealed class ConfigReport
{
    public List<ConfigProblem> Errors { get; } = [];

    public List<ConfigProblem> Warnings { get; } = [];

    public void Error(ConfigProblem problem) => Errors.Add(problem);

    public void Error(Setting at, string message) => Errors.Add(Problem(at, message));

    public void Warn(Setting at, string message) => Warnings.Add(Problem(at, message));

    private static ConfigProblem Problem(Setting at, string message) =>
        new(at.FromCommandLine ? $"--set {message}" : message, at.Key, at.File, at.Line);
}
