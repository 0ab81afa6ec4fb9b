using Quoll.Fuzz.Targets;

namespace Quoll.Fuzz;

public static class FuzzTargets
{
    public static IReadOnlyList<string> Names { get; } = ["frames", "records", "snapshot", "log", "config"];

    public static IFuzzTarget Create(string name) => name switch
    {
        "frames" => new FramesTarget(),
        "records" => new RecordsTarget(),
        "snapshot" => new SnapshotTarget(),
        "log" => new LogTarget(),
        "config" => new ConfigTarget(),
        _ => throw new ArgumentException($"no target {name}; there are {string.Join(", ", Names)}", nameof(name)),
    };
}
