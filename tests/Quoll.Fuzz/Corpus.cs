using System.Security.Cryptography;

namespace Quoll.Fuzz;

/// <summary>Inputs kept in files: <c>tests/corpus/&lt;target&gt;/</c>.</summary>
public static class Corpus
{
    public static IReadOnlyList<(string Name, byte[] Input)> Load(string directory) => !Directory.Exists(directory)
        ? []
        :
        [
            .. Directory.GetFiles(directory).Order(StringComparer.Ordinal)
                .Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))),
        ];

    /// <summary>Saves an input under a name that tells what it did; returns the path.</summary>
    public static string Save(string directory, string kind, byte[] input)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"{kind.ToLowerInvariant()}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}");
        File.WriteAllBytes(path, input);
        return path;
    }
}
