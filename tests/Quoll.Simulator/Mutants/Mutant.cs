namespace Quoll.Simulator.Mutants;

/// <summary>
/// A change to the sources that makes them wrong. Its file says in its first line why; then, for one of the client or its recipes, a line
/// <c>program</c> with the name of the program that must notice it; then come the places: a line <c>&gt;&gt;&gt;</c> with the file, the
/// text that is there, a line <c>=== put</c>, the text that takes its place, and a line <c>&lt;&lt;&lt;</c>.
/// </summary>
public sealed record Mutant(string Name, string Why, string? Program, IReadOnlyList<(string File, string Find, string Put)> Places)
{
    public const string Directory = "tests/Quoll.Simulator/Mutants";

    /// <summary>All there are, by name.</summary>
    public static IReadOnlyList<Mutant> ReadAll(string root) =>
    [
        .. System.IO.Directory.EnumerateFiles(Path.Combine(root, Directory), "*.mutant").Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>Places whose text is not there, or there more than once: the mutant has to be written anew.</summary>
    public IEnumerable<string> Misfits(string root) =>
        from place in Places
        let count = File.ReadAllText(Path.Combine(root, place.File)).Split(place.Find).Length - 1
        where count != 1
        select $"{Name}: the text to change is {count} times in {place.File}";

    /// <summary>Changes the sources below a directory; what this returns changes them back.</summary>
    public Action Apply(string root)
    {
        var originals = Places.Select(place => Path.Combine(root, place.File)).Distinct().ToDictionary(path => path, File.ReadAllText);
        foreach (var (file, find, put) in Places)
        {
            var path = Path.Combine(root, file);
            File.WriteAllText(path, File.ReadAllText(path).Replace(find, put, StringComparison.Ordinal));
        }

        return () =>
        {
            foreach (var (path, text) in originals)
                File.WriteAllText(path, text);
        };
    }

    private static Mutant Read(string path)
    {
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        var places = new List<(string, string, string)>();
        foreach (var block in text.Split("\n>>> ").Skip(1))
        {
            var (file, rest) = Cut(block, "\n");
            var (find, put) = Cut("\n" + rest, "\n=== put\n");
            places.Add((file.Trim(), find[1..], Cut("\n" + put, "\n<<<\n").Before is { Length: > 0 } with ? with[1..] : ""));
        }

        var (why, more) = Cut(text, "\n");
        const string Program = "program ";
        var program = more.StartsWith(Program, StringComparison.Ordinal) ? Cut(more, "\n").Before[Program.Length..] : null;
        return new Mutant(Path.GetFileNameWithoutExtension(path), why, program, places);
    }

    private static (string Before, string After) Cut(string text, string at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0
            ? throw new InvalidDataException($"no [{at.Trim()}] in [{text}]")
            : (text[..index], text[(index + at.Length)..]);
    }
}
