using System.Buffers.Binary;

namespace Quoll.Fuzz;

/// <summary>Changes inputs, as a seed has it: parts, and within parts bits, numbers, lengths, and words that mean something.</summary>
internal sealed class Mutator(IFuzzTarget target, Random random)
{
    private const int LargestInput = 256 * 1024;

    private static readonly int[] Numbers =
    [
        -1, 0, 1, 2, 3, 4, 5, 7, 13, 14, 15, 16, 19, 20, 21, 22, 31, 100, 101, 105, 106, 107, -2, -4, -10, -11, 127, 128, 255, 256, 65535,
        65536, 0xfffff, 0x100000, int.MaxValue, int.MinValue, int.MaxValue - 1, 0x7fff0000, 0x10000000,
    ];

    private static readonly long[] Longs =
    [
        0, 1, -1, 2, long.MinValue, long.MaxValue, 0x1_0000_0000, 0x1_0000_0001, -0x100_0000_0000_0000,
        -0xff_ffff_ffff_ffff, 0xff_ffff_ffff,
    ];

    private static readonly byte[][] Words =
    [
        [.. "/"u8], [.. "//"u8], [.. "/a"u8], [.. "/a/b"u8], [.. "/zookeeper"u8], [.. "/zookeeper/quota"u8], [.. "/zookeeper/config"u8],
        [.. "/zookeeper/quota/a/zookeeper_limits"u8], [.. "/zookeeper/quota/a/zookeeper_stats"u8], [.. "count=1,bytes=-1"u8],
        [.. "count=99999999999999999999"u8], [.. "/a/"u8], [.. "/."u8], [.. "/.."u8], [.. "world"u8], [.. "anyone"u8], [.. "digest"u8],
        [.. "auth"u8], [.. "ip"u8], [.. "10.0.0.0/8"u8], [.. "::1/200"u8], [.. "x509"u8], [.. "super:secret"u8], [.. "0000000000"u8], [],
        [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0], [.. "\0\0\0\u0001/"u8], [.. "server.1=a:1:2"u8], [.. "dataDir="u8], [.. "\\u12"u8],
    ];

    public byte[] Mutate(byte[] input, byte[] other)
    {
        // Bytes as they come off a broken disk or wire; or parts, with all around them mended.
        if (random.Next(4) == 0)
            return Bounded(Stack(input));
        var parts = target.Split(input);
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
            ChangeParts(parts, other);
        var joined = target.Join(parts);
        return Bounded(random.Next(10) == 0 ? ChangeBytes(joined) : joined);
    }

    private static byte[] Bounded(byte[] input) => input.Length <= LargestInput ? input : input[..LargestInput];

    private void ChangeParts(List<byte[]> parts, byte[] other)
    {
        if (parts.Count == 0)
        {
            parts.AddRange(target.Split(other));
            return;
        }

        var at = random.Next(parts.Count);
        switch (random.Next(12))
        {
            case 0:
                parts.Insert(random.Next(parts.Count + 1), parts[at]);
                break;
            case 1:
                parts.RemoveAt(at);
                break;
            case 2:
                var to = random.Next(parts.Count);
                (parts[at], parts[to]) = (parts[to], parts[at]);
                break;
            case 3:
                var others = target.Split(other);
                if (others.Count > 0)
                    parts.Insert(at, others[random.Next(others.Count)]);
                break;
            case 4:
                var tail = target.Split(other);
                parts.RemoveRange(at, parts.Count - at);
                parts.AddRange(tail.Skip(random.Next(tail.Count + 1)));
                break;
            default:
                parts[at] = Stack(parts[at]);
                break;
        }
    }

    private byte[] Stack(byte[] bytes)
    {
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
            bytes = ChangeBytes(bytes);
        return bytes;
    }

    private byte[] ChangeBytes(byte[] bytes)
    {
        if (bytes.Length == 0)
            return Words[random.Next(Words.Length)];
        bytes = [.. bytes];
        var at = random.Next(bytes.Length);
        switch (random.Next(12))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 3 or 4 when at + 4 <= bytes.Length:
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), Numbers[random.Next(Numbers.Length)]);
                return bytes;
            case 5 when at + 8 <= bytes.Length:
                BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), Longs[random.Next(Longs.Length)]);
                return bytes;
            case 6 when at + 4 <= bytes.Length:
                var number = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), number + random.Next(-8, 9));
                return bytes;
            case 7:
                return bytes[..at];
            case 8:
                return [.. bytes[..at], .. Words[random.Next(Words.Length)], .. bytes[at..]];
            case 9:
                return ReplaceText(bytes, at);
            case 10:
                var end = at + random.Next(Math.Min(bytes.Length - at, 64) + 1);
                return random.Next(2) == 0 ? [.. bytes[..at], .. bytes[end..]] : [.. bytes[..end], .. bytes[at..]];
            default:
                bytes.AsSpan(at, Math.Min(random.Next(1, 16), bytes.Length - at)).Fill((byte)(random.Next(2) == 0 ? 0 : 255));
                return bytes;
        }
    }

    /// <summary>Puts a word in the place of a jute string, with its length; where there is none, adds one.</summary>
    private byte[] ReplaceText(byte[] bytes, int from)
    {
        var word = Words[random.Next(Words.Length)];
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, word.Length);
        for (var at = from; at + 4 <= bytes.Length; at++)
        {
            var old = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            if (old > 0 && old < 256 && at + 4 + old <= bytes.Length)
                return [.. bytes[..at], .. length, .. word, .. bytes[(at + 4 + old)..]];
        }

        return [.. bytes, .. length, .. word];
    }
}
