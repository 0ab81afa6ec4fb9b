namespace Quoll.Server.Config;

/// <summary>Something to tell the operator. The file is null for a <c>--set</c>, and the line for what is missing altogether.</summary>
internal sealed record ConfigProblem(string Message, string? Key, string? File, int? Line)
{
    public override string ToString() => (File, Line) switch
    {
        ({ } file, { } line) => $"{file}, line {line}: {Message}",
        ({ } file, null) => $"{file}: {Message}",
        (null, _) => Message,
    };
}

/// <summary>A configuration, or everything that is wrong with it. There may be warnings either way.</summary>
internal sealed record ConfigResult(
    ServerConfig? Config,
    IReadOnlyList<ConfigProblem> Errors,
    IReadOnlyList<ConfigProblem> Warnings);
