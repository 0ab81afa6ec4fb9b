using System.Text;
using Quoll.Protocol;

namespace Quoll.Recipes.Watching;

/// <summary>What recipes do with paths.</summary>
internal static class ZnodePaths
{
    /// <summary>Throws where a path is not one that a znode can have.</summary>
    public static void Validate(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!ZnodePath.IsValid(Encoding.UTF8.GetBytes(path)))
            throw new ArgumentException($"'{path}' is no path of a znode.", nameof(path));
    }

    /// <summary>Throws where a name is not one that a znode can have below another.</summary>
    public static void ValidateName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('/', StringComparison.Ordinal) || !ZnodePath.IsValid(Encoding.UTF8.GetBytes($"/{name}")))
            throw new ArgumentException($"'{name}' is no name of a znode.", nameof(name));
    }

    public static string Join(string parent, string name) => parent.Length == 1 ? parent + name : $"{parent}/{name}";

    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>How far a path is below another: 0 for the same; null where it is not below.</summary>
    public static int? DepthBelow(string root, string path)
    {
        if (path == root)
            return 0;
        var start = root.Length == 1 ? 0 : root.Length;
        if (path.Length <= start + 1 || !path.StartsWith(root, StringComparison.Ordinal) || path[start] != '/')
            return null;
        return path.AsSpan(start).Count('/');
    }
}
