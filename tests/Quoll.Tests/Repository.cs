using Microsoft.CodeAnalysis.CSharp;

namespace Quoll.Tests;

/// <summary>One file of the repository; its path has forward slashes and begins at the root.</summary>
internal sealed record SourceFile(string Path, string Text, Lazy<CSharpSyntaxTree> Tree)
{
    public string[] Lines { get; } = Text.Split('\n');

    /// <summary>Where something is, as compilers say it.</summary>
    public string At(int line) => $"{Path}({line + 1})";
}

/// <summary>The files that this test assembly was built from.</summary>
internal static class Repository
{
    public static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Preview);

    private static readonly string[] NotOurs = [".git", "artifacts", "bin", "obj", "quoll-data", "TestResults"];
    private static readonly string[] TextKinds = [".cs", ".csproj", ".props", ".slnx", ".md", ".sh", ".py", ".go", ".c", ".java", ".txt"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files { get; } = [.. Walk(Root).OrderBy(file => file.Path, StringComparer.Ordinal)];

    public static IEnumerable<SourceFile> Code => Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<SourceFile> Projects => Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    public static IEnumerable<SourceFile> Pages => Files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal));

    public static IEnumerable<SourceFile> CodeBelow(string directory) =>
        Code.Where(file => file.Path.StartsWith(directory + "/", StringComparison.Ordinal));

    public static string FullPath(string path) => Path.Combine(Root, path);

    /// <summary>Fails with every offence on a line of its own.</summary>
    public static void AssertNone(IEnumerable<string> offences)
    {
        var list = offences.ToList();
        Assert.True(list.Count == 0, $"{list.Count}:\n{string.Join('\n', list)}");
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Quoll.slnx")))
        {
            directory = directory.Parent
                ?? throw new InvalidOperationException($"Quoll.slnx is not above {AppContext.BaseDirectory}: the tests need their sources");
        }

        return directory.FullName;
    }

    private static IEnumerable<SourceFile> Walk(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory).Where(path => TextKinds.Contains(Path.GetExtension(path))))
        {
            var text = File.ReadAllText(path);
            var name = Path.GetRelativePath(Root, path).Replace('\\', '/');
            var tree = new Lazy<CSharpSyntaxTree>(() => (CSharpSyntaxTree)CSharpSyntaxTree.ParseText(text, ParseOptions, name));
            yield return new SourceFile(name, text, tree);
        }

        foreach (var below in Directory.EnumerateDirectories(directory).Where(path => !NotOurs.Contains(Path.GetFileName(path))))
        {
            foreach (var file in Walk(below))
                yield return file;
        }
    }
}
