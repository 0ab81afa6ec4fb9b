using System.Buffers;
using System.Text;

namespace Quoll.Protocol;

/// <summary>The rules of znode paths (<c>PathUtils.validatePath</c>), over UTF-8 bytes.</summary>
public static class ZnodePath
{
    /// <summary>True for a path that a znode may have.</summary>
    public static bool IsValid(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] != '/')
            return false;
        if (path.Length == 1)
            return true;
        if (path[^1] == '/')
            return false;
        var rest = path[1..];
        while (true)
        {
            var slash = rest.IndexOf((byte)'/');
            if (!IsValidName(slash < 0 ? rest : rest[..slash]))
                return false;
            if (slash < 0)
                return true;
            rest = rest[(slash + 1)..];
        }
    }

    /// <summary>The path of the parent; of a node right under the root, the empty string.</summary>
    public static ReadOnlySpan<byte> Parent(ReadOnlySpan<byte> path) => path[..Math.Max(path.LastIndexOf((byte)'/'), 0)];

    /// <summary>What stands after the last slash.</summary>
    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    private static bool IsValidName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
            return false;
        while (!name.IsEmpty)
        {
            if (name[0] is >= 0x20 and < 0x7f)
            {
                name = name[1..];
                continue;
            }

            if (Rune.DecodeFromUtf8(name, out var rune, out var length) != OperationStatus.Done || !IsAllowed(rune.Value))
                return false;
            name = name[length..];
        }

        return true;
    }

    // Above U+FFFF everything is refused: Java sees such a character as two surrogates, which lie in the refused range.
    private static bool IsAllowed(int c) => c is > 0x9f and < 0xd800 or > 0xf8ff and < 0xfff0 or >= 0x20 and < 0x7f;
}
