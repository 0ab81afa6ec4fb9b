using System.Diagnostics.CodeAnalysis;

namespace Quoll.Recipes;

/// <summary>Paths of recipes, which are below the root.</summary>
internal static class Locations
{
    /// <summary>Refuses at once what no recipe can live at; what else is wrong with a path the client says.</summary>
    public static void Validate([NotNull] string? path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path[0] != '/' || path.Length == 1 || path[^1] == '/')
            throw new ArgumentException($"'{path}' is no path below the root.", nameof(path));
    }

    public static string ParentOf(string path) => path[..Math.Max(path.LastIndexOf('/'), 1)];

    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
