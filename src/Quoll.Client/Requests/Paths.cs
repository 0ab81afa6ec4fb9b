using System.Text;
using Quoll.Protocol;

namespace Quoll.Client.Requests;

/// <summary>Paths as callers know them, relative to a root, and as servers do.</summary>
internal static class Paths
{
    /// <summary>Bytes of a path that are encoded without an allocation.</summary>
    public const int OnStack = 512;

    /// <summary>Throws where a path is not one that a znode can have.</summary>
    public static void Validate(string path, bool isPrefix = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        Span<byte> room = stackalloc byte[OnStack];
        var bytes = Encode("", isPrefix ? path + "0" : path, room);
        if (!ZnodePath.IsValid(bytes))
        {
            throw new ArgumentException(
                $"'{path}' is no path of a znode: it begins with '/', has no empty part, none that is '.' or '..', no '/' at its end, "
                + "and no control characters.",
                nameof(path));
        }
    }

    /// <summary>The path below the root as the server knows it, in <paramref name="room"/> if that suffices.</summary>
    public static ReadOnlySpan<byte> Encode(string root, string path, Span<byte> room)
    {
        if (path.Length == 1)
            path = root.Length == 0 ? path : "";
        var most = Encoding.UTF8.GetMaxByteCount(root.Length + path.Length);
        var bytes = most <= room.Length ? room : new byte[most];
        var length = Encoding.UTF8.GetBytes(root, bytes);
        return bytes[..(length + Encoding.UTF8.GetBytes(path, bytes[length..]))];
    }

    /// <summary>The path as the server knows it.</summary>
    public static string Join(string root, string path) => root.Length == 0 ? path : path.Length == 1 ? root : root + path;

    /// <summary>What a server calls by <paramref name="full"/>, as callers below the root know it.</summary>
    public static string Strip(string root, string full)
    {
        if (root.Length == 0 || !full.StartsWith(root, StringComparison.Ordinal))
            return full;
        return full.Length == root.Length ? "/" : full[root.Length] == '/' ? full[root.Length..] : full;
    }
}
