using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Quoll.Differential.Wire;

/// <summary>Reads the protocol's primitives. It remembers the first fault and yields defaults after it.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Malformed { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Take(1) is { Length: 1 } one ? one[0] : (byte)0;

    public int Int() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadInt32BigEndian(four) : 0;

    public long Long() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadInt64BigEndian(eight) : 0;

    /// <summary>A buffer or string as it is on the wire; null for length -1.</summary>
    public byte[]? Buffer()
    {
        var length = Int();
        if (length == -1)
            return null;

        return Take(length).ToArray();
    }

    /// <summary>A buffer or string in a readable form that still tells every byte apart.</summary>
    public string Shown() => Show(Buffer());

    public static string Show(byte[]? bytes)
    {
        if (bytes is null)
            return "null";

        if (bytes.Length > 256)
            return string.Create(CultureInfo.InvariantCulture, $"[{bytes.Length} bytes, sum {Checksum(bytes):x16}]");

        var text = new StringBuilder("\"");
        foreach (var b in bytes)
        {
            if (b is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\')
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        return text.Append('"').ToString();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Malformed || (uint)count > (uint)_rest.Length)
        {
            Malformed = true;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    // FNV-1a: long values are compared by it and not printed.
    private static ulong Checksum(byte[] bytes)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in bytes)
            hash = (hash ^ b) * 1099511628211UL;

        return hash;
    }
}
